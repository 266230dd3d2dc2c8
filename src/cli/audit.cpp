#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

#include "expplat/base/json_text.hpp"
#include "expplat/eval/instant.hpp"
#include "src/audit/export_check.hpp"
#include "src/cli/administration.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/terminal.hpp"
#include "src/cli/text_file.hpp"
#include "src/sync/atomic_file.hpp"

namespace expplat::cli {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 16;

/// Of SECRET_KEY, of those before it, and of a file's lines; an export may be older than a change of the secret.
std::optional<std::vector<std::string>> secrets_of(const Arguments& arguments) {
    std::vector<std::string> secrets;
    const auto add = [&secrets](std::string_view texts, char end) {
        while (!texts.empty()) {
            std::string_view one = texts.substr(0, texts.find(end));
            texts.remove_prefix(std::min(texts.size(), one.size() + 1));
            while (!one.empty() && (one.back() == ' ' || one.back() == '\r')) one.remove_suffix(1);
            while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
            if (!one.empty()) secrets.emplace_back(one);
        }
    };
    if (std::string key = variable("SECRET_KEY"); !key.empty()) secrets.push_back(std::move(key));
    add(variable("SECRET_KEY_PREVIOUS"), ',');
    if (const auto path = arguments.value("--secret-file")) {
        const std::optional<std::string> text = read_text(std::string(*path));
        if (!text) return std::nullopt;
        add(*text, '\n');
    }
    return secrets;
}

std::string in_words(const audit::Verdict& verdict) {
    if (verdict.entries == 0) return "no entry";
    return verdict.entries == 1 ? "entry " + std::to_string(verdict.first)
                                : std::to_string(verdict.entries) + " entries, " +
                                      std::to_string(verdict.first) + " to " + std::to_string(verdict.last);
}

std::string_view signature_word(audit::Signature signature) {
    switch (signature) {
        case audit::Signature::good: return "good";
        case audit::Signature::not_checked: return "not-checked";
        case audit::Signature::none: return "none";
    }
    return "none";
}

int tell(const std::string& path, const audit::Verdict& verdict, bool is_json) {
    Output output;
    if (is_json) {
        output.text() += "{\"intact\":" + std::string(verdict.fault ? "false" : "true") +
                         ",\"entries\":" + std::to_string(verdict.entries) +
                         ",\"first\":" + std::to_string(verdict.first) +
                         ",\"last\":" + std::to_string(verdict.last);
        if (verdict.fault) {
            output.text() += ",\"line\":" + std::to_string(verdict.line) + ",\"fault\":";
            append_json_string(output.text(), *verdict.fault);
        } else {
            output.text() += ",\"signature\":\"" + std::string(signature_word(verdict.signature)) + "\"";
        }
        output.text() += '}';
        output.end_line();
    } else if (!verdict.fault) {
        output.text() += path + " " + coloured(stdout, Colour::green, "is intact") + ": " + in_words(verdict);
        if (verdict.signature == audit::Signature::good) output.text() += ", signed by this server";
        output.end_line();
    }
    if (!output.finish()) return exit_refused;
    if (verdict.fault) {
        complain(path + ":" + std::to_string(verdict.line) + ": " + *verdict.fault);
        return exit_refused;
    }
    if (verdict.signature == audit::Signature::not_checked)
        complain(
            "the chain alone was checked: the signature of its head needs the server's SECRET_KEY, or "
            "--secret-file");
    if (verdict.signature == audit::Signature::none)
        complain(
            "CSV has no signed head: what is missing at its beginning or end cannot be found; "
            "export ndjson or json for that");
    return exit_done;
}

int verify(const Arguments& arguments) {
    if (arguments.operands().size() != 2) return usage_error("audit", "verify: expected one FILE");
    const std::string path(arguments.operands()[1]);
    std::int64_t begin = 1;
    if (const auto text = arguments.value("--from")) {
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), begin);
        if (error != std::errc() || end != text->data() + text->size() || begin < 1)
            return usage_error("audit", "verify: --from takes the number of the first entry");
    }
    const std::optional<std::vector<std::string>> secrets = secrets_of(arguments);
    if (!secrets) return exit_refused;
    std::FILE* const file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
    if (file == nullptr) {
        complain("cannot read " + path + ": " + std::strerror(errno));
        return exit_refused;
    }
    std::optional<audit::ExportCheck> check;
    std::array<char, piece_bytes> piece;
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file)) {
        const std::string_view text(piece.data(), count);
        if (!check) check.emplace(audit::format_of(text));
        check->take(text);
        if (check->is_faulty()) break;
    }
    const bool is_broken = std::ferror(file) != 0;
    const int why = errno;
    if (file != stdin) std::fclose(file);
    if (is_broken) {
        complain("cannot read " + path + ": " + std::strerror(why));
        return exit_refused;
    }
    if (!check) check.emplace(audit::Format::ndjson);
    return tell(path, check->finish(*secrets, begin), arguments.has("--json"));
}

/// Unix milliseconds, an RFC 3339 instant, or a day, which begins in UTC.
std::optional<std::int64_t> time_of(std::string_view text) {
    constexpr std::size_t most_digits = 15;
    if (!text.empty() && text.size() <= most_digits &&
        text.find_first_not_of("0123456789") == std::string_view::npos)
        return std::stoll(std::string(text));
    std::string whole(text);
    if (whole.size() == std::string_view("2026-11-26").size()) whole += "T00:00:00Z";
    eval::Instant instant{};
    if (!eval::parse_instant(whole, instant) || instant.seconds < 0) return std::nullopt;
    constexpr std::uint64_t fractions_in_ms = 1'000'000'000'000'000;
    return instant.seconds * 1'000 + static_cast<std::int64_t>(instant.fraction / fractions_in_ms);
}

int export_to(const Arguments& arguments) {
    if (arguments.operands().size() != 1) return usage_error("audit", "export: expected no more words");
    const std::string format(arguments.value("--format").value_or("ndjson"));
    if (format != "ndjson" && format != "json" && format != "csv")
        return usage_error("audit", "export: --format takes ndjson, json or csv");
    std::string query = "format=" + format;
    for (const auto& [option, name] : {std::pair{"--from", "from"}, std::pair{"--to", "to"}}) {
        const auto text = arguments.value(option);
        if (!text) continue;
        const std::optional<std::int64_t> time = time_of(*text);
        if (!time)
            return usage_error("audit", std::string("export: ") + option +
                                            " takes Unix milliseconds, 2026-11-26 or 2026-11-26T12:00:00Z");
        query += std::string("&") + name + "=" + std::to_string(*time);
    }
    const std::unique_ptr<Administration> administration = Administration::open(arguments);
    if (administration == nullptr) return exit_refused;
    const std::string path(arguments.value("-o").value_or("-"));
    if (path == "-") {
        Output output;
        const Result<void> done =
            administration->client().export_audit(query, [&output](std::string_view piece) {
                output.text() += piece;
                return output.text().size() < piece_bytes || output.finish();
            });
        if (!done) return refused(done.error());
        return output.finish() ? exit_done : exit_refused;
    }
    Result<sync::AtomicFile> file = sync::AtomicFile::create(path);
    if (!file) return refused(file.error());
    std::string fault;
    const Result<void> done = administration->client().export_audit(query, [&](std::string_view piece) {
        const Result<void> written = file->write(piece);
        if (!written) fault = written.error().message;
        return written.ok();
    });
    if (!fault.empty()) return refused({ErrorCode::io, fault});
    if (!done) return refused(done.error());
    if (const Result<void> put = file->replace(); !put) return refused(put.error());
    return exit_done;
}

}  // namespace

int audit(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(
        words,
        administration_options(
            {{"--secret-file", true}, {"--format", true}, {"--from", true}, {"--to", true}, {"-o", true}}));
    if (!arguments) return usage_error("audit", arguments.error().message);
    const std::string_view verb =
        arguments->operands().empty() ? std::string_view() : arguments->operands().front();
    if (verb == "verify") return verify(*arguments);
    if (verb == "export") return export_to(*arguments);
    return usage_error("audit", "expected verify FILE or export");
}

}  // namespace expplat::cli
