#include "src/ruleset/json.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <memory_resource>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "expplat/base/hash.hpp"
#include "src/ruleset/json_scan.hpp"
#include "src/ruleset/repeats.hpp"

namespace expplat::ruleset {

static_assert(std::is_trivially_copyable_v<Node> && std::is_trivially_destructible_v<Member>);

namespace {

constexpr int number_overflow = 406;  // nlohmann's id of "number overflow parsing"

/// nlohmann's sentence without its prefix, its position and what it last read (which may be long).
[[nodiscard]] std::string plain(std::string_view what) {
    for (const std::string_view prefix : {"syntax error while parsing ", " - "}) {
        if (const std::size_t at = what.find(prefix); at != what.npos) what.remove_prefix(at + prefix.size());
    }
    return std::string(what.substr(0, what.find("; last read: ")));
}

[[nodiscard]] Error refusal(std::string_view text, std::size_t offset, std::string_view what) {
    const TextPosition position = position_of(text, offset);
    return {ErrorCode::invalid_ruleset, "line " + std::to_string(position.line) + ", column " +
                                            std::to_string(position.column) + ": " + std::string(what)};
}

}  // namespace

/// All texts of a document, in its order and side by side, each with a mark behind it that says what it
/// is; brackets and what has no text are marks alone. No mark occurs in UTF-8, so what lies between the
/// brackets of an array or object is the value itself, without its spaces and escapes: to hash one is to
/// hash a run of bytes.
class Script {
public:
    enum class Mark : unsigned char {
        null = 0xF5,
        no,
        yes,
        object_begin,
        object_end,
        array_begin,
        array_end,
        name,
        number,
        string
    };

    /// `bytes`: room for twice the JSON, which is more than its script.
    explicit Script(char* bytes) noexcept : end_(bytes) {}

    [[nodiscard]] const char* end() const noexcept { return end_; }
    void add(Mark mark) noexcept { *end_++ = static_cast<char>(mark); }
    std::string_view add(std::string_view text, Mark mark) noexcept {
        char* const begin = end_;
        if (!text.empty()) std::memcpy(begin, text.data(), text.size());
        end_ += text.size();
        add(mark);
        return {begin, text.size()};
    }

private:
    char* end_;
};

/// Listens to nlohmann's reader and builds the nodes: children wait on a stack until their array or
/// object ends, then move to the document's memory side by side.
class DocumentBuilder final : public nlohmann::json_sax<nlohmann::json> {
public:
    DocumentBuilder(std::size_t text_size, std::size_t max_depth,
                    const std::vector<OverflowingNumber>& overflows)
        : memory_(std::make_shared<std::pmr::monotonic_buffer_resource>(2 * text_size + 256)),
          script_(allocated<char>(2 * text_size + 2)),
          max_depth_(max_depth),
          overflows_(overflows) {}

    bool null() override {
        script_.add(Script::Mark::null);
        return add(node(NodeKind::null));
    }
    bool boolean(bool value) override {
        script_.add(value ? Script::Mark::yes : Script::Mark::no);
        Node result = node(NodeKind::boolean);
        result.boolean_ = value;
        return add(result);
    }
    bool number_integer(number_integer_t value) override {
        if (next_is_overflow()) return add_overflow();
        return add_integer(value);
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (next_is_overflow()) return add_overflow();
        if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return add_integer(static_cast<std::int64_t>(value));
        }
        char digits[20];
        const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        return add_real(static_cast<double>(value), {digits, static_cast<std::size_t>(end - digits)});
    }
    bool number_float(number_float_t value, const string_t& literal) override {
        ++numbers_;
        // nlohmann writes the decimal point of the process's locale.
        if (const std::size_t at = literal.find_first_not_of("0123456789+-eE."); at != literal.npos) {
            std::string corrected = literal;
            corrected[at] = '.';
            return add_real(value, corrected);
        }
        return add_real(value, literal);
    }
    bool string(string_t& value) override {
        return add_text(node(NodeKind::string), value, Script::Mark::string);
    }
    bool binary(binary_t&) override { return false; }  // JSON text has none

    bool start_object(std::size_t) override { return open(NodeKind::object, Script::Mark::object_begin); }
    bool start_array(std::size_t) override { return open(NodeKind::array, Script::Mark::array_begin); }
    bool key(string_t& name) override {
        name_ = script_.add(name, Script::Mark::name);
        return true;
    }
    bool end_object() override {
        const std::span<const Member> children = open_children();
        Member* const members = allocated<Member>(children.size());
        std::copy(children.begin(), children.end(), members);
        const bool repeats = mark_repeats(members, children.size());
        close(members, repeats, Script::Mark::object_end);
        return true;
    }
    bool end_array() override {
        const std::span<const Member> children = open_children();
        Node* const items = allocated<Node>(children.size());
        std::transform(children.begin(), children.end(), items,
                       [](const Member& child) { return child.value; });
        close(items, false, Script::Mark::array_end);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        overflowed_ = error.id == number_overflow;
        error_offset_ = position > 0 ? position - 1 : 0;
        error_ = plain(error.what());
        return false;
    }

    [[nodiscard]] bool too_deep() const noexcept { return too_deep_; }
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
    [[nodiscard]] std::size_t error_offset() const noexcept { return error_offset_; }
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

    [[nodiscard]] Document document(TextPosition start) && {
        Document result;
        Node* const root = allocated<Node>(1);
        *root = stack_.front().value;
        result.root_ = root;
        result.start_ = start;
        result.has_repeated_members_ = has_repeats_;
        result.has_overflowing_numbers_ = !overflows_.empty();
        result.memory_ = std::move(memory_);
        return result;
    }

private:
    [[nodiscard]] Node node(NodeKind kind) noexcept {
        Node result;
        result.kind_ = kind;
        result.place_ = places_++;
        return result;
    }

    bool add(const Node& value) {
        stack_.push_back({name_, value, false});
        return true;
    }

    bool add_text(Node node, std::string_view text, Script::Mark mark) {
        node.data_ = script_.add(text, mark).data();
        node.size_ = static_cast<std::uint32_t>(text.size());
        return add(node);
    }

    bool add_integer(std::int64_t value) {
        char digits[20];
        const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        Node result = node(NodeKind::integer);
        result.integer_ = value;
        return add_text(result, {digits, static_cast<std::size_t>(end - digits)}, Script::Mark::number);
    }

    bool add_real(double value, std::string_view literal) {
        Node result = node(NodeKind::real);
        result.real_ = value;
        return add_text(result, literal, Script::Mark::number);
    }

    /// Counts an integer; true for one that stands in for a literal too large for a double.
    [[nodiscard]] bool next_is_overflow() noexcept {
        const std::size_t ordinal = numbers_++;
        return next_overflow_ < overflows_.size() && overflows_[next_overflow_].ordinal == ordinal;
    }

    bool add_overflow() {
        const std::string_view literal = overflows_[next_overflow_++].literal;
        Node result = node(NodeKind::real);
        result.real_ = std::numeric_limits<double>::infinity();
        if (literal.front() == '-') result.real_ = -result.real_;
        result.overflows_ = true;
        result.has_faults_ = true;
        return add_text(result, literal, Script::Mark::number);
    }

    bool open(NodeKind kind, Script::Mark mark) {
        if (frames_.size() >= max_depth_) {
            too_deep_ = true;
            return false;
        }
        Node result = node(kind);
        result.script_ = script_.end();
        script_.add(mark);
        add(result);
        frames_.push_back(stack_.size());
        return true;
    }

    [[nodiscard]] std::span<const Member> open_children() const noexcept {
        return std::span<const Member>(stack_).subspan(frames_.back());
    }

    /// Ends the innermost array or object; `children` are those of `open_children`, moved.
    void close(const void* children, bool has_faults, Script::Mark mark) {
        script_.add(mark);
        const std::size_t count = open_children().size();
        for (const Member& child : open_children()) has_faults |= child.value.has_faults_;
        stack_.resize(frames_.back());
        frames_.pop_back();
        Node& closed = stack_.back().value;
        closed.has_faults_ = has_faults;
        closed.data_ = children;
        closed.size_ = static_cast<std::uint32_t>(count);
        closed.script_size_ = static_cast<std::uint32_t>(script_.end() - closed.script_);
    }

    bool mark_repeats(Member* members, std::size_t count) {
        bool found = false;
        each_repeat(
            // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): null only where the count is 0
            count, [members](std::size_t i) { return members[i].name; },
            [&found, members](std::size_t i) { found = members[i].repeated = true; });
        has_repeats_ |= found;
        return found;
    }

    template <class T>
    [[nodiscard]] T* allocated(std::size_t count) {
        return count == 0 ? nullptr : static_cast<T*>(memory_->allocate(count * sizeof(T), alignof(T)));
    }

    std::shared_ptr<std::pmr::monotonic_buffer_resource> memory_;
    Script script_;
    std::size_t max_depth_;
    const std::vector<OverflowingNumber>& overflows_;
    std::size_t next_overflow_ = 0;
    std::size_t numbers_ = 0;
    std::uint32_t places_ = 0;
    std::string_view name_;            // of the member whose value comes next
    std::vector<Member> stack_;        // finished children of open arrays and objects
    std::vector<std::size_t> frames_;  // where the children of each open one begin
    bool has_repeats_ = false;
    bool too_deep_ = false;
    bool overflowed_ = false;
    std::size_t error_offset_ = 0;
    std::string error_;
};

namespace {

/// What one pass of nlohmann's reader makes of a text.
struct Pass {
    Result<Document> document;
    bool overflowed;
};

/// `text` is parsed; `original` is the text of the caller, of the same size, for messages.
[[nodiscard]] Pass parse_pass(std::string_view text, std::string_view original, std::size_t max_depth,
                              const std::vector<OverflowingNumber>& overflows) {
    DocumentBuilder builder(text.size(), max_depth, overflows);
    if (nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &builder)) {
        const std::size_t start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
        return {std::move(builder).document(position_of(text, start)), false};
    }
    if (builder.too_deep()) {
        const std::string what = "nested deeper than " + std::to_string(max_depth) + " levels";
        return {refusal(original, first_too_deep(text, max_depth), what), false};
    }
    return {refusal(original, std::min(builder.error_offset(), text.size()), builder.error()),
            builder.overflowed()};
}

/// The text with each overflowing literal replaced by a `0` and spaces, so that the rest can be parsed.
[[nodiscard]] std::string without(const std::vector<OverflowingNumber>& overflows, std::string_view text) {
    std::string result(text);
    for (const OverflowingNumber& number : overflows) {
        std::fill_n(result.begin() + static_cast<std::ptrdiff_t>(number.begin), number.literal.size(), ' ');
        result[number.begin] = '0';
    }
    return result;
}

}  // namespace

const Node* Node::find(std::string_view name) const noexcept {
    for (const Member& member : members()) {
        if (member.name == name) return &member.value;
    }
    return nullptr;
}

std::uint64_t Node::hash() const noexcept {
    switch (kind_) {
        case NodeKind::array:
        case NodeKind::object: return hash64({script_, script_size_});
        case NodeKind::null:
        case NodeKind::boolean:
        case NodeKind::integer:
        case NodeKind::real:
        case NodeKind::string: break;
    }
    return hash64(to_json(*this));
}

Result<Document> parse_json(std::string_view text, std::size_t max_bytes, std::size_t max_depth) {
    max_bytes = std::min(max_bytes, std::size_t{1} << 30);  // sizes and places of nodes have 32 bits
    if (text.size() > max_bytes) {
        return Error{ErrorCode::too_large, "line 1, column 1: " + std::to_string(text.size()) +
                                               " bytes; at most " + std::to_string(max_bytes) + " are read"};
    }
    if (text.starts_with("\xEF\xBB\xBF"))
        return refusal(text, 0, "a byte order mark; the text must begin with its value");
    if (const std::size_t nul = text.find('\0'); nul != text.npos) {
        return refusal(text, nul, "a NUL byte; inside a string it is written \\u0000");
    }
    Pass first = parse_pass(text, text, max_depth, {});
    if (!first.overflowed) return std::move(first.document);
    // All of them are found in one scan, so a second pass is also the last.
    const std::vector<OverflowingNumber> overflows = overflowing_numbers(text);
    return std::move(parse_pass(without(overflows, text), text, max_depth, overflows).document);
}

namespace {

void append_json(std::string& out, const Node& node) {
    switch (node.kind()) {
        case NodeKind::null: out += "null"; break;
        case NodeKind::boolean: out += node.boolean() ? "true" : "false"; break;
        case NodeKind::integer:
        case NodeKind::real: out += node.text(); break;
        case NodeKind::string: append_json_string(out, node.text()); break;
        case NodeKind::array: {
            char separator = '[';
            for (const Node& item : node.items()) {
                out += std::exchange(separator, ',');
                append_json(out, item);
            }
            out += node.items().empty() ? "[]" : "]";
            break;
        }
        case NodeKind::object: {
            char separator = '{';
            for (const Member& member : node.members()) {
                out += std::exchange(separator, ',');
                append_json_string(out, member.name);
                out += ':';
                append_json(out, member.value);
            }
            out += node.members().empty() ? "{}" : "}";
            break;
        }
    }
}

}  // namespace

std::string to_json(const Node& node) {
    std::string out;
    append_json(out, node);
    return out;
}

}  // namespace expplat::ruleset
