#include "bindings/wasm/src/description.hpp"

#include <memory>
#include <span>

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

bool Description::fill(User& user) const {
    for (std::uint32_t i = 0; i < count; ++i) {
        const Record& record = records[i];
        if (record.kind == Record::list) {
            if (!fill_list(user, record)) return false;
            i += record.size;
        } else if (!user.set(name_of(record), scalar(record))) {
            return false;
        }
    }
    return true;
}

bool Description::fill_list(User& user, const Record& list) const {
    if (list.size > limits::list_entries) return false;
    const std::unique_ptr<Value[]> values(new Value[list.size]);
    for (std::uint32_t i = 0; i < list.size; ++i) values[i] = scalar((&list)[i + 1]);
    return user.set(name_of(list), Value(std::span<const Value>(values.get(), list.size)));
}

}  // namespace expplat::wasm
