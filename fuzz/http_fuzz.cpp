// Feeds the readers of what servers and configurations send: URLs, answers, encoded bodies.
//
// The input's first byte says how the rest is cut and what reads it. What must hold of every input is in the `check_`
// functions; a failure aborts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz/require.hpp"
#include "src/net/answer_parser.hpp"
#include "src/net/content_decoder.hpp"
#include "src/net/url.hpp"

namespace {

using namespace expplat::net;

void check_url(std::string_view text) {
    for (const bool is_proxy : {false, true}) {
        const auto url = is_proxy ? parse_proxy_url(text) : parse_url(text);
        if (!url) continue;
        REQUIRE(!url->host.empty() && url->port != 0 && url->target.front() == '/');
        for (const std::string& part : {url->host, url->target, url->host_header(), url->authority()}) {
            REQUIRE(std::all_of(part.begin(), part.end(), [](char c) { return c > ' ' && c < '\x7f'; }));
        }
        if (is_proxy) continue;
        const auto again = parse_url((url->tls ? "https://" : "http://") + url->authority() + url->target);
        REQUIRE(again && again->host == url->host && again->port == url->port &&
                again->target == url->target);
    }
}

struct Parsed {
    bool is_fed = true, is_done = false;
    int heads = 0;
    std::string body;
};

Parsed parse(std::string_view text, std::size_t piece) {
    Parsed parsed;
    AnswerParser::Events events;
    events.head = [&](const Head& head, std::optional<std::uint64_t>) {
        REQUIRE(head.status >= 200 && head.status <= 999);
        ++parsed.heads;
        return true;
    };
    events.body = [&](std::string_view bytes) {
        REQUIRE(parsed.heads == 1);
        parsed.body += bytes;
        return true;
    };
    AnswerParser parser(false, std::move(events));
    while (!text.empty() && parsed.is_fed) {
        parsed.is_fed = parser.feed(text.substr(0, piece)).ok();
        text.remove_prefix(std::min(piece, text.size()));
    }
    parsed.is_done = parser.is_done();
    REQUIRE(parsed.heads <= 1);
    return parsed;
}

/// However it is cut, a whole answer is the same; what is none may be found out sooner or later.
void check_answer(std::string_view text, std::size_t piece) {
    const Parsed whole = parse(text, text.size() + 1);
    const Parsed cut = parse(text, piece);
    REQUIRE(whole.is_done == cut.is_done);
    if (whole.is_done) REQUIRE(whole.heads == cut.heads && whole.body == cut.body);
}

std::optional<std::string> decode(std::string_view encoding, std::string_view body, std::size_t piece) {
    constexpr std::size_t most_bytes = std::size_t{1} << 20;
    auto decoder = ContentDecoder::open(encoding);
    REQUIRE(decoder);
    std::string out;
    const auto sink = [&](std::string_view bytes) {
        out += bytes;
        return out.size() <= most_bytes;
    };
    while (!body.empty()) {
        const auto fed = (*decoder)->feed(body.substr(0, piece), sink);
        if (!fed || !*fed) return std::nullopt;
        body.remove_prefix(std::min(piece, body.size()));
    }
    if (!(*decoder)->finish()) return std::nullopt;
    return out;
}

void check_encoded(std::string_view encoding, std::string_view body, std::size_t piece) {
    REQUIRE(decode(encoding, body, body.size() + 1) == decode(encoding, body, piece));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const std::size_t piece = 1 + bytes[0] / 4u;
    switch (bytes[0] % 4) {
        case 0: check_url(text); break;
        case 1: check_answer(text, piece); break;
        case 2: check_encoded("gzip", text, piece); break;
        case 3: check_encoded("zstd", text, piece); break;
    }
    return 0;
}
