#include "src/sinks/event_json.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>
#include <system_error>

#include "expplat/version.hpp"

namespace expplat::sinks {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr std::size_t id_bytes = 36;
/// Names of the members, numbers, quotes: more than any event has of them.
constexpr std::size_t fixed_bytes = 384;
/// `\u001f` for one byte.
constexpr std::size_t longest_escape = 6;

/// True where a JSON string holds the text as it is. Eight bytes at a time: borrow-free tests for `"`, `\` and controls.
bool is_plain(std::string_view text) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    constexpr std::uint64_t highs = 0x8080808080808080u;
    const auto suspects = [](std::uint64_t word) {
        const std::uint64_t quote = word ^ (ones * '"');
        const std::uint64_t backslash = word ^ (ones * '\\');
        return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
                ((word - ones * 0x20) & ~word)) &
               highs;
    };
    const char* p = text.data();
    std::size_t left = text.size();
    std::uint64_t word = 0;
    for (; left >= 8; p += 8, left -= 8) {
        std::memcpy(&word, p, 8);
        if (suspects(word) != 0) return false;
    }
    if (left == 0) return true;
    word = ones * ' ';
    std::memcpy(&word, p, left);
    return suspects(word) == 0;
}

/// Writes into memory that is large enough for everything it is given.
class Writer {
public:
    explicit Writer(char* at) : at_(at) {}
    [[nodiscard]] char* at() const noexcept { return at_; }

    void raw(std::string_view text) noexcept {
        if (!text.empty()) std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    /// The text between quotes.
    void text(std::string_view text, bool plain) noexcept {
        *at_++ = '"';
        if (plain) raw(text);
        else escaped(text);
        *at_++ = '"';
    }
    void id(const exposure::EventId& id) noexcept {
        for (std::size_t i = 0; i < id.size(); ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10) *at_++ = '-';
            *at_++ = hex_digits[id[i] >> 4];
            *at_++ = hex_digits[id[i] & 15];
        }
    }
    template <class Integer>
    void integer(Integer number) noexcept {
        at_ = std::to_chars(at_, at_ + 24, number).ptr;
    }
    /// As `append_json_number`: reads back as the same double.
    void number(double number) noexcept {
        if (!std::isfinite(number)) return raw("null");
        char* const begin = at_;
        at_ = std::to_chars(at_, at_ + 32, number).ptr;
        const std::string_view digits(begin, static_cast<std::size_t>(at_ - begin));
        if (digits.find_first_of(".e") == std::string_view::npos) raw(".0");
    }

private:
    void escaped(std::string_view text) noexcept {
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte >= 0x20 && byte != '"' && byte != '\\') {
                *at_++ = c;
                continue;
            }
            *at_++ = '\\';
            switch (byte) {
                case '"':
                case '\\': *at_++ = c; break;
                case '\b': *at_++ = 'b'; break;
                case '\f': *at_++ = 'f'; break;
                case '\n': *at_++ = 'n'; break;
                case '\r': *at_++ = 'r'; break;
                case '\t': *at_++ = 't'; break;
                default:
                    raw("u00");
                    *at_++ = hex_digits[byte >> 4];
                    *at_++ = hex_digits[byte & 15];
            }
        }
    }

    char* at_;
};

/// Of an event that names none.
const std::string& library() {
    static const std::string name = "expplat-cpp/" + std::string(version);
    return name;
}

}  // namespace

std::string to_string(const exposure::EventId& id) {
    std::string text(id_bytes, '\0');
    Writer(text.data()).id(id);
    return text;
}

void append_event_json(std::string& out, const exposure::Event& event) {
    const std::string_view texts[] = {event.project,
                                      event.environment,
                                      event.name,
                                      event.variant,
                                      event.unit,
                                      event.unit_id,
                                      event.sdk.empty() ? library() : event.sdk};
    bool plain[std::size(texts)] = {};
    std::size_t bound = fixed_bytes + event.properties.size() + event.attributes.size();
    for (std::size_t i = 0; i < std::size(texts); ++i) {
        plain[i] = is_plain(texts[i]);
        bound += plain[i] ? texts[i].size() : texts[i].size() * longest_escape;
    }
    const bool is_exposure = event.type == exposure::EventType::exposure;
    const std::size_t size = out.size();
    out.resize(size + bound);
    Writer writer(out.data() + size);
    writer.raw("{\"v\":1,\"id\":\"");
    writer.id(event.id);
    writer.raw(is_exposure ? "\",\"type\":\"exposure\",\"time\":" : "\",\"type\":\"track\",\"time\":");
    writer.integer(event.time_ms);
    writer.raw(",\"project\":");
    writer.text(event.project, plain[0]);
    writer.raw(",\"environment\":");
    writer.text(event.environment, plain[1]);
    writer.raw(is_exposure ? ",\"experiment\":" : ",\"event\":");
    writer.text(event.name, plain[2]);
    if (is_exposure) {
        writer.raw(",\"variant\":");
        writer.text(event.variant, plain[3]);
    }
    writer.raw(",\"unit\":");
    writer.text(event.unit, plain[4]);
    writer.raw(",\"unit_id\":");
    writer.text(event.unit_id, plain[5]);
    if (is_exposure) {
        writer.raw(",\"ruleset\":");
        writer.integer(event.ruleset_version);
    }
    writer.raw(",\"sdk\":");
    writer.text(texts[6], plain[6]);
    if (event.has_value) {
        writer.raw(",\"value\":");
        writer.number(event.value);
    }
    if (!event.properties.empty()) {
        writer.raw(",\"properties\":");
        writer.raw(event.properties);
    }
    if (!event.attributes.empty()) {
        writer.raw(",\"attributes\":");
        writer.raw(event.attributes);
    }
    writer.raw("}");
    out.resize(static_cast<std::size_t>(writer.at() - out.data()));
}

}  // namespace expplat::sinks
