#include "src/audit/export_check.hpp"

#include <algorithm>
#include <utility>

#include "src/audit/csv_row.hpp"

namespace expplat::audit {

using ruleset::Node;
using ruleset::NodeKind;

ExportCheck::ExportCheck(Format format)
    : format_(format),
      records_(format, [this](std::string_view text, std::size_t line) { take_record(text, line); }) {}

void ExportCheck::take(std::string_view piece) {
    if (is_faulty()) return;
    records_.feed(piece);
    if (!records_.fault().empty() && !is_faulty()) {
        line_ = records_.line();
        chain_.refuse(records_.fault());
    }
}

void ExportCheck::take_record(std::string_view text, std::size_t line) {
    if (is_faulty()) return;
    line_ = line;
    if (format_ == Format::csv) take_row(text);
    else take_object(text, format_ == Format::ndjson);
}

void ExportCheck::take_object(std::string_view text, bool may_be_head) {
    if (head_) {
        chain_.refuse("something follows the head");
        return;
    }
    const Result<ruleset::Document> document = ruleset::parse_json(text, record_bytes);
    if (!document || document->root().kind() != NodeKind::object || document->has_repeated_members()) {
        chain_.refuse(chain_.entries() == 0
                          ? std::string("this is no entry of an audit export")
                          : "what follows entry " + std::to_string(chain_.last_sequence()) + " is no entry");
        return;
    }
    if (const Node* const head = may_be_head ? document->root().find("head") : nullptr) {
        take_head(*head);
    } else {
        chain_.take(document->root());
    }
}

void ExportCheck::take_row(std::string_view row) {
    if (!std::exchange(has_header_, true)) {
        if (row != csv_header) chain_.refuse("the first line is not that of an export");
        return;
    }
    std::optional<CsvRow> parsed = CsvRow::parse(row);
    if (!parsed) {
        chain_.refuse("what follows entry " + std::to_string(chain_.last_sequence()) + " is no entry");
        return;
    }
    const EntryText entry = parsed->entry();
    chain_.take(entry.sequence, entry.action, entry.previous, canonical_form(entry), parsed->hash());
}

void ExportCheck::take_head(const Node& head) {
    head_ = Head{integer_of(head, "first"), integer_of(head, "sequence"), text_of(head, "hash"),
                 text_of(head, "signature")};
}

void ExportCheck::check_head(std::span<const std::string> secrets, Verdict& verdict) {
    if (head_->first != chain_.first_sequence()) {
        chain_.refuse("the export begins with entry " + std::to_string(head_->first) +
                      ", and the file with entry " + std::to_string(chain_.first_sequence()) +
                      ": entries at the beginning are missing");
    }
    chain_.take_end(head_->sequence, head_->hash);
    verdict.signature = Signature::not_checked;
    if (is_faulty() || secrets.empty()) return;
    const bool is_signed = std::any_of(secrets.begin(), secrets.end(), [this](const std::string& secret) {
        return same_signature(head_->signature,
                              export_signature(secret, head_->first, head_->sequence, head_->hash));
    });
    if (is_signed) verdict.signature = Signature::good;
    else chain_.refuse("the head's signature is not of this secret");
}

Verdict ExportCheck::finish(std::span<const std::string> secrets, std::int64_t begin) {
    records_.finish();
    if (!records_.fault().empty() && !is_faulty()) {
        line_ = records_.line();
        chain_.refuse(records_.fault());
    }
    if (format_ == Format::json && !is_faulty()) {
        line_ = records_.line();
        const std::optional<std::string> rest = records_.rest();
        const Result<ruleset::Document> document =
            rest ? ruleset::parse_json(*rest, record_bytes) : Error{ErrorCode::invalid_argument, ""};
        const Node* const head = document ? document->root().find("head") : nullptr;
        if (head != nullptr && document->root().members().size() == 1 && !document->has_repeated_members())
            take_head(*head);
    }
    Verdict verdict;
    if (!is_faulty() && head_) {
        check_head(secrets, verdict);
    } else if (!is_faulty() && format_ != Format::csv) {
        line_ = records_.line();
        chain_.refuse("the file has no head: its end is missing");
    } else if (!is_faulty() && !has_header_) {
        chain_.refuse("the file is empty");
    }
    if (!is_faulty() && chain_.entries() > 0 && chain_.first_sequence() != begin) {
        line_ = 1;
        const std::string first = std::to_string(chain_.first_sequence());
        chain_.refuse("this is a part: it begins with entry " + first + " and not with entry " +
                      std::to_string(begin) +
                      (chain_.first_sequence() > begin
                           ? ", so entries before it are missing; for an export of later entries alone "
                             "(--from TIME), --from " +
                                 first + " says to verify that it begins there"
                           : std::string()));
    }
    verdict.entries = chain_.entries();
    verdict.first = chain_.first_sequence();
    verdict.last = chain_.last_sequence();
    verdict.fault = chain_.fault();
    verdict.line = verdict.fault ? std::max<std::size_t>(line_, 1) : 0;
    return verdict;
}

}  // namespace expplat::audit
