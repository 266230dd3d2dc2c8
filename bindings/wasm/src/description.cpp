#include "bindings/wasm/src/description.hpp"

#include <memory>
#include <span>
#include <utility>

#include "expplat/base/limits.hpp"

namespace expplat::wasm {

namespace {

std::string_view name_of(const Record& record) noexcept {
    return {reinterpret_cast<const char*>(record.name), record.name_size};
}

}  // namespace

Value Description::scalar(const Record& record) const noexcept {
    switch (record.kind) {
        case Record::boolean: return record.real != 0;
        case Record::integer: return static_cast<std::int64_t>(record.real);
        case Record::number: return record.real;
        case Record::string: return std::string_view(texts + record.offset, record.size);
        case Record::wide_integer: return record.wide;
        default: return {};
    }
}

bool Description::fill(User& user, bool by_position) const {
    std::size_t position = 0;
    for (std::uint32_t i = 0; i < count; ++i, ++position) {
        const Record& record = records[i];
        if (record.kind == Record::list) {
            if (!fill_list(user, record)) return false;
            i += record.size;
        } else if (!(by_position ? user.set_at(position, scalar(record))
                                 : user.set(name_of(record), scalar(record)))) {
            return false;
        }
    }
    return true;
}

std::size_t Description::attribute_count() const noexcept {
    std::size_t attributes = 0;
    for (std::uint32_t i = 0; i < count; ++i, ++attributes) {
        if (records[i].kind == Record::list) i += records[i].size;
    }
    return attributes;
}

bool Description::fill_list(User& user, const Record& list) const {
    if (list.size > limits::list_entries) return false;
    const std::unique_ptr<Value[]> values(new Value[list.size]);
    for (std::uint32_t i = 0; i < list.size; ++i) values[i] = scalar((&list)[i + 1]);
    return user.set(name_of(list), Value(std::span<const Value>(values.get(), list.size)));
}

const User* DescribedUser::set(const Description& description, bool same_names) {
    // False while the user is written: where memory ends, so does the call, and the next one must not build on what is there.
    if (std::exchange(by_position_, false) && same_names && user_->reset(description.key()) &&
        description.fill(*user_, true)) {
        by_position_ = true;
        return user_;
    }
    // Also where the values did not fit: room that was made for a longer key counts, and a new user has none.
    if (user_ == nullptr) user_ = new User(description.key());
    else *user_ = User(description.key());
    if (!description.fill(*user_, false)) return nullptr;
    by_position_ = user_->name_count() == description.attribute_count();
    return user_;
}

}  // namespace expplat::wasm
