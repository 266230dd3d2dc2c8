#include "bindings/node/addon/user_reader.hpp"

#include <utility>

namespace expplat::node {
namespace {

class Reading {
public:
    Reading(const NameTable& names, std::span<const Item> items, std::string_view text)
        : names_(names), items_(items), text_(text) {}

    [[nodiscard]] std::optional<User> user() {
        if (items_.empty()) return std::nullopt;
        std::optional<User> user(std::in_place, string(items_[0]));
        for (at_ = 1; at_ < items_.size();) {
            const std::string_view name = next_name();
            if (at_ >= items_.size() || failed_) return std::nullopt;
            if (!set(*user, name) || failed_) return std::nullopt;
        }
        return user;
    }

private:
    [[nodiscard]] std::string_view next_name() {
        const Item& item = items_[at_];
        if (item.kind == item_name) {
            ++at_;
            return string(item);
        }
        failed_ |= !names_.has(item.name);
        return failed_ ? std::string_view{} : names_.at(item.name);
    }

    [[nodiscard]] bool set(User& user, std::string_view name) {
        const Item& item = items_[at_++];
        if (item.kind != static_cast<std::uint32_t>(ValueKind::list)) return user.set(name, scalar(item));
        const std::size_t count = item.as.place.size;
        if (count > items_.size() - at_) return false;
        list_.clear();
        for (const Item& element : items_.subspan(at_, count)) list_.push_back(scalar(element));
        at_ += count;
        return user.set(name, Value(std::span<const Value>(list_)));
    }

    [[nodiscard]] Value scalar(const Item& item) noexcept {
        switch (item.kind) {
            case static_cast<std::uint32_t>(ValueKind::boolean): return Value(item.as.place.offset != 0);
            case static_cast<std::uint32_t>(ValueKind::integer): return Value(item.as.integer);
            case static_cast<std::uint32_t>(ValueKind::number): return Value(item.as.number);
            case static_cast<std::uint32_t>(ValueKind::string): return Value(string(item));
            case item_whole: return Value(static_cast<std::int64_t>(item.as.number));
            default: return {};
        }
    }

    [[nodiscard]] std::string_view string(const Item& item) noexcept {
        const auto [offset, size] = item.as.place;
        if (item.kind == static_cast<std::uint32_t>(ValueKind::null)) return {};
        if (offset > text_.size() || size > text_.size() - offset) {
            failed_ = true;
            return {};
        }
        return text_.substr(offset, size);
    }

    const NameTable& names_;
    std::span<const Item> items_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Value> list_;
    bool failed_ = false;
};

}  // namespace

std::uint32_t NameTable::add(std::string name) {
    if (names_.size() >= capacity) return unnamed;
    names_.push_back(std::move(name));
    return static_cast<std::uint32_t>(names_.size() - 1);
}

std::optional<User> read_user(const NameTable& names, std::span<const Item> items, std::string_view text) {
    return Reading(names, items, text).user();
}

}  // namespace expplat::node
