// The port to the database: `Store` runs a function in a transaction, `Transaction` executes statements in it.
//
// `server/store` implements it over SQLite and PostgreSQL; `tables/` holds the statements, one portable SQL for both, with
// `?` for parameters. A Transaction belongs to the function that it was given to; a Store is safe from many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "server/domain/outcome.hpp"

namespace expplat::server::domain {

/// A value of a column or parameter: NULL, an integer, or text (UTF-8 without U+0000).
using Cell = std::variant<std::monostate, std::int64_t, std::string>;

[[nodiscard]] inline Cell cell(const std::optional<std::string>& text) { return text ? Cell(*text) : Cell(); }
[[nodiscard]] inline Cell cell(const std::optional<std::int64_t>& number) {
    return number ? Cell(*number) : Cell();
}

/// One row of an answer; lives as long as its `Rows`. A column of another kind than asked for is a `Refusal`.
class Row {
public:
    explicit Row(std::span<const Cell> cells) : cells_(cells) {}
    [[nodiscard]] const std::string& text(std::size_t column) const { return get<std::string>(column); }
    [[nodiscard]] std::int64_t integer(std::size_t column) const { return get<std::int64_t>(column); }
    [[nodiscard]] bool boolean(std::size_t column) const { return integer(column) != 0; }
    [[nodiscard]] bool is_null(std::size_t column) const { return cells_[column].index() == 0; }
    [[nodiscard]] std::optional<std::string> optional_text(std::size_t column) const {
        return is_null(column) ? std::nullopt : std::optional(text(column));
    }
    [[nodiscard]] std::optional<std::int64_t> optional_integer(std::size_t column) const {
        return is_null(column) ? std::nullopt : std::optional(integer(column));
    }
    [[nodiscard]] std::span<const Cell> cells() const noexcept { return cells_; }

private:
    template <class T>
    const T& get(std::size_t column) const {
        const T* value = column < cells_.size() ? std::get_if<T>(&cells_[column]) : nullptr;
        if (value == nullptr) {
            throw Refusal(ProblemType::internal, "column " + std::to_string(column) + " is of another kind");
        }
        return *value;
    }
    std::span<const Cell> cells_;
};

struct Rows {
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> cells;  // by row, then column
    std::int64_t affected = 0;             // rows that an INSERT, UPDATE or DELETE has touched

    [[nodiscard]] bool empty() const noexcept { return cells.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return cells.size(); }
    [[nodiscard]] Row operator[](std::size_t row) const { return Row(cells[row]); }
};

class Transaction {
public:
    virtual ~Transaction() = default;
    /// Throws `Refusal`: whatever went wrong, the transaction is over.
    virtual Rows execute(std::string_view sql, std::span<const Cell> parameters) = 0;
    Rows execute(std::string_view sql, std::initializer_list<Cell> parameters = {}) {
        return execute(sql, std::span<const Cell>(parameters.begin(), parameters.size()));
    }
};

enum class Access : std::uint8_t {
    read,           // sees one state; writes nothing
    write,          // serialisable; run again from its start where it met another one
    ordered_write,  // as `write`, and one at a time: what goes into the audit's chain
};

class Store {
public:
    virtual ~Store() = default;
    /// Runs `body` in a transaction: committed where it returns, rolled back where it throws. May run it several times, so
    /// it must begin anew each time. A `Refusal` comes back as its problem, any other exception as `internal`.
    virtual Outcome<void> run(Access access, const std::function<void(Transaction&)>& body) = 0;

    template <class F>
    auto read(F body) {
        return answer(Access::read, std::move(body));
    }
    template <class F>
    auto write(F body) {
        return answer(Access::write, std::move(body));
    }

    template <class F, class T = std::invoke_result_t<F&, Transaction&>>
    Outcome<T> answer(Access access, F body) {
        if constexpr (std::is_void_v<T>) {
            return run(access, body);
        } else {
            std::optional<T> value;
            const Outcome<void> done =
                run(access, [&](Transaction& transaction) { value = body(transaction); });
            if (!done) return done.problem();
            return std::move(*value);
        }
    }
};

}  // namespace expplat::server::domain
