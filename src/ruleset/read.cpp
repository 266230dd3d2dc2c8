#include "src/ruleset/read.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "expplat/base/limits.hpp"
#include "src/ruleset/entity_reader.hpp"
#include "src/ruleset/pointer.hpp"

namespace expplat::ruleset {

namespace {

constexpr std::string_view format = "expplat.ruleset/1";
constexpr std::int64_t max_version = (std::int64_t{1} << 53) - 1;

[[nodiscard]] std::optional<EntityKind> map_kind(std::string_view member) noexcept {
    for (std::size_t i = 0; i < entity_kinds; ++i) {
        const auto kind = static_cast<EntityKind>(i);
        if (map_name(kind) == member) return kind;
    }
    return std::nullopt;
}

/// False for a document of another format, of which nothing else is said.
[[nodiscard]] bool is_readable(const Node& document) noexcept {
    const Node* const node = document.find("format");
    return node == nullptr || (node->kind() == NodeKind::string && node->text() == format);
}

/// Reads the members of a document that are no maps.
class HeadingReader {
public:
    HeadingReader(const Node& document, Mode mode) : document_(document), mode_(mode) {}

    [[nodiscard]] Heading read() && {
        Findings findings(document_);
        if (document_.kind() != NodeKind::object) {
            findings.wrong(document_, root_, "an object");
            keep(std::move(findings), 0);
        } else if (!is_readable(document_)) {
            const Node& other = *document_.find("format");
            findings.wrong(other, Path(root_, "format"), '"' + std::string(format) + '"');
            keep(std::move(findings), 0);
        } else {
            for (const std::string_view name : {"format", "environment", "version"}) {
                if (document_.find(name) == nullptr) findings.missing(document_, root_, name);
            }
            keep(std::move(findings), 0);
            std::uint32_t position = 0;
            for (const Member& member : document_.members()) read_member(member, ++position);
        }
        return std::move(heading_);
    }

private:
    void read_member(const Member& member, std::uint32_t position) {
        const Node& value = member.value;
        const Path path(root_, member.name);
        const bool is_map = map_kind(member.name).has_value();
        Findings findings(value);
        if (member.repeated) {
            findings.add(value, path, "a repeated member");
        } else if (member.name == "environment") {
            if (value.kind() != NodeKind::string) findings.wrong(value, path, "a string");
            heading_.environment = value.text();
        } else if (member.name == "version") {
            read_version(value, path, findings);
        } else if (is_map) {
            if (value.kind() != NodeKind::object) findings.wrong(value, path, "an object");
        } else if (member.name != "format" && !read_documentation(member, root_, findings) &&
                   mode_ == Mode::strict) {
            findings.add(value, path, "an unknown member");
        }
        const bool is_read_later = is_map && value.kind() == NodeKind::object;
        if (!member.repeated && !is_read_later && value.has_faults()) findings.text_faults(value, path);
        if (!findings.empty()) keep(std::move(findings), position);
    }

    void read_version(const Node& node, const Path& path, Findings& findings) {
        if (node.kind() == NodeKind::integer && node.integer() >= 0 && node.integer() <= max_version) {
            heading_.version = static_cast<std::uint64_t>(node.integer());
        } else {
            findings.wrong(node, path, "an integer from 0 to 9007199254740991");
        }
    }

    /// Members come in document order, so that what is too many can be dropped.
    void keep(Findings&& findings, std::uint32_t position) {
        if (heading_.problems.size() >= limits::reported_problems) return;
        for (Problem& problem : std::move(findings).take({})) {
            problem.map = position;
            heading_.problems.push_back(std::move(problem));
        }
    }

    const Path root_;
    const Node& document_;
    Mode mode_;
    Heading heading_;
};

/// Reads the maps of a document, entity by entity, and puts all problems in order.
class DocumentReader {
public:
    DocumentReader(const Document& document, Mode mode) : document_(document), mode_(mode) {}

    [[nodiscard]] Reading read() && {
        reading_.heading = read_heading(document_.root(), mode_);
        reading_.problems = std::move(reading_.heading.problems);
        if (document_.root().kind() != NodeKind::object) {
            const TextPosition start = document_.start();
            reading_.problems.front().message.insert(
                0, "line " + std::to_string(start.line) + ", column " + std::to_string(start.column) + ": ");
        } else if (is_readable(document_.root())) {
            std::uint32_t position = 0;
            for (const Member& member : document_.root().members()) {
                ++position;
                const std::optional<EntityKind> kind = map_kind(member.name);
                if (kind && !member.repeated) read_map(*kind, member.value, position);
            }
        }
        sort_problems(reading_.problems);
        return std::move(reading_);
    }

private:
    void read_map(EntityKind kind, const Node& map, std::uint32_t position) {
        reading_.map_places[static_cast<std::size_t>(kind)] = position;
        reading_.entities.reserve(reading_.entities.size() +
                                  std::min<std::size_t>(map.members().size(), limits::flags));
        for (const Member& member : map.members()) {
            if (has_answers(kind) && answering_ > limits::flags) break;  // the check refuses that many
            if (member.repeated) {
                Outline repeated;
                repeated.kind = kind;
                repeated.key = member.name;
                keep({position, ordinal(), after_entity, pointer_of(repeated), "a repeated member"});
                continue;
            }
            if (has_answers(kind)) ++answering_;
            reading_.entities.push_back(
                EntityReader(kind, member.name, mode_, member.value, patterns_).read());
            for (Problem& problem : std::exchange(reading_.entities.back().problems, {})) {
                problem.map = position;
                problem.entity = ordinal();
                keep(std::move(problem));
            }
        }
    }

    /// 1 + the ordinal of the entity that was read last.
    [[nodiscard]] std::uint32_t ordinal() const noexcept {
        return static_cast<std::uint32_t>(reading_.entities.size());
    }

    /// Those of entities come in document order: what is too many can be dropped at once.
    void keep(Problem problem) {
        if (kept_ >= limits::reported_problems) return;
        ++kept_;
        reading_.problems.push_back(std::move(problem));
    }

    static constexpr std::uint32_t after_entity = 0xFFFFFFFFu;

    const Document& document_;
    Mode mode_;
    PatternCheck patterns_;
    Reading reading_;
    std::size_t kept_ = 0;
    std::uint32_t answering_ = 0;  // flags and experiments
};

}  // namespace

std::string pointer_of(const Outline& outline) {
    std::string pointer = "/" + std::string(map_name(outline.kind));
    append_pointer_token(pointer, outline.key);
    return pointer;
}

Entity read_entity(EntityKind kind, std::string_view key, const Node& node, Mode mode) {
    PatternCheck patterns;
    return EntityReader(kind, key, mode, node, patterns).read();
}

Heading read_heading(const Node& document, Mode mode) { return HeadingReader(document, mode).read(); }

Reading read(const Document& document, Mode mode) { return DocumentReader(document, mode).read(); }

}  // namespace expplat::ruleset
