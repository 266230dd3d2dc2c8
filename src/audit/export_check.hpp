// `ExportCheck`: an export of the audit, checked without a server: the chain, its end, and the head's signature.
//
// Takes a file of `GET /api/v1/compliance/export` in any of its formats, in pieces of any size, and needs memory for one entry.
// NDJSON ends with the line `{"head":{"first","sequence","hash","signature"}}`, JSON is `{"entries":[…],"head":{…}}`; CSV, which is
// for spreadsheets, has no head, so what is cut off at its ends cannot be found. Used by `expplat audit verify`. Not thread-safe.
// Next: `records.hpp`, which finds the entries in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/audit/chain.hpp"
#include "src/audit/records.hpp"

namespace expplat::audit {

enum class Signature : std::uint8_t {
    good,
    not_checked,  // no secret was given
    none,         // the format has no head
};

struct Verdict {
    std::int64_t entries = 0;  // that are in order, from the first
    std::int64_t first = 0;
    std::int64_t last = 0;
    Signature signature = Signature::none;
    std::optional<std::string> fault;
    std::size_t line = 0;  // of the fault
};

class ExportCheck {
public:
    explicit ExportCheck(Format format);
    ExportCheck(const ExportCheck&) = delete;
    ExportCheck& operator=(const ExportCheck&) = delete;

    void take(std::string_view piece);
    /// Something is wrong already; what follows changes nothing.
    [[nodiscard]] bool is_faulty() const noexcept { return chain_.fault().has_value(); }
    /// After the last piece. `secrets`: the signature must be of one of them; none: it is not looked at.
    /// `begin`: the entry that the file must begin with. The signature cannot say it: a server whose first entries are gone
    /// signs what is left.
    [[nodiscard]] Verdict finish(std::span<const std::string> secrets, std::int64_t begin = 1);

private:
    struct Head {
        std::int64_t first = 0;
        std::int64_t sequence = 0;
        std::string hash;
        std::string signature;
    };

    void take_record(std::string_view text, std::size_t line);
    void take_object(std::string_view text, bool may_be_head);
    void take_row(std::string_view row);
    void take_head(const ruleset::Node& head);
    void check_head(std::span<const std::string> secrets, Verdict& verdict);

    const Format format_;
    Records records_;
    Chain chain_;
    std::optional<Head> head_;
    bool has_header_ = false;  // of CSV
    std::size_t line_ = 0;     // of the newest record
};

}  // namespace expplat::audit
