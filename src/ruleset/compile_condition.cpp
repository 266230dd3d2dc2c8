#include "src/ruleset/compile_condition.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <absl/strings/string_view.h>

#include "expplat/base/hash.hpp"
#include "expplat/base/name.hpp"
#include "expplat/base/version_key.hpp"
#include "expplat/eval/address.hpp"
#include "expplat/eval/bucket.hpp"
#include "expplat/eval/instant.hpp"
#include "expplat/eval/text.hpp"

namespace expplat::ruleset {

namespace {

std::string folded(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = eval::fold(c);
    return result;
}

image::NumberOperand number_operand(const Number& number) {
    return {number.integral ? 1u : 0u, 0,
            number.integral ? static_cast<std::uint64_t>(number.integer)
                            : std::bit_cast<std::uint64_t>(number.real)};
}

image::Opcode opcode_of(Operator op) {
    switch (op) {
        case Operator::is:
        case Operator::in: return image::Opcode::in;  // `is` chooses by its operand's kind
        case Operator::less_than: return image::Opcode::less_than;
        case Operator::at_most: return image::Opcode::at_most;
        case Operator::greater_than: return image::Opcode::greater_than;
        case Operator::at_least: return image::Opcode::at_least;
        case Operator::contains: return image::Opcode::contains;
        case Operator::starts_with: return image::Opcode::starts_with;
        case Operator::ends_with: return image::Opcode::ends_with;
        case Operator::matches: return image::Opcode::matches;
        case Operator::version_is: return image::Opcode::version_is;
        case Operator::version_below: return image::Opcode::version_below;
        case Operator::version_at_most: return image::Opcode::version_at_most;
        case Operator::version_above: return image::Opcode::version_above;
        case Operator::version_at_least: return image::Opcode::version_at_least;
        case Operator::before: return image::Opcode::before;
        case Operator::after: return image::Opcode::after;
        case Operator::in_cidr: return image::Opcode::in_cidr;
        case Operator::exists: return image::Opcode::exists;
    }
    return image::Opcode::exists;
}

}  // namespace

image::Unit write_unit(ChunkWriter& writer, std::string_view unit) {
    if (unit == "key") return {};
    const std::uint64_t word = name_word(unit);
    return {word, writer.text(unit), name_slot(word), 0};
}

namespace {

/// Different texts of one hash: a set that has such is looked through by slots, however small.
bool has_equal_hashes(const std::vector<image::SetEntry>& entries) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(entries.size());
    for (const image::SetEntry& entry : entries) hashes.push_back(entry.hash);
    std::sort(hashes.begin(), hashes.end());
    return std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end();
}

}  // namespace

image::Ref write_set(ChunkWriter& writer, const std::vector<SetMember>& members) {
    if (members.empty()) return 0;
    std::vector<image::SetEntry> entries;
    entries.reserve(members.size());
    const std::uint32_t mask =
        static_cast<std::uint32_t>(std::bit_ceil(std::max<std::size_t>(members.size() * 2, 2)) - 1);
    std::vector<std::uint32_t> slots(std::size_t{mask} + 1, 0);
    std::vector<std::string_view> texts;
    texts.reserve(members.size());
    for (const SetMember& member : members) {
        const std::uint64_t hash = hash64(member.text);
        std::uint32_t slot = static_cast<std::uint32_t>(hash) & mask;
        while (slots[slot] != 0 && texts[slots[slot] - 1] != member.text) slot = (slot + 1) & mask;
        if (slots[slot] != 0) continue;
        entries.push_back({hash, writer.text(member.text), member.payload});
        texts.push_back(member.text);
        slots[slot] = static_cast<std::uint32_t>(entries.size());
    }
    image::StringSet set{};
    set.count = static_cast<std::uint32_t>(entries.size());
    set.entries = writer.write_array<image::SetEntry>(entries);
    if (entries.size() > image::small_set || has_equal_hashes(entries)) {
        set.slots = writer.write_array<std::uint32_t>(slots);
        set.slot_mask = mask;
    }
    return writer.write(set);
}

image::Ref write_folded_set(ChunkWriter& writer, std::vector<std::string> texts) {
    if (texts.empty()) return 0;
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    std::vector<image::SetEntry> entries;
    entries.reserve(texts.size());
    for (const std::string& text : texts) entries.push_back({0, writer.text(text), 0});
    image::StringSet set{};
    set.count = static_cast<std::uint32_t>(entries.size());
    set.order = image::SetOrder::folded;
    set.entries = writer.write_array<image::SetEntry>(entries);
    return writer.write(set);
}

image::Jump ConditionCompiler::emit(const Condition& condition, std::uint32_t rule, image::Jump on_true,
                                    image::Jump on_false) {
    switch (condition.form) {
        case Condition::Form::all:
        case Condition::Form::any: return emit_parts(condition, rule, on_true, on_false);
        case Condition::Form::negation: return emit(condition.parts.front(), rule, on_false, on_true);
        case Condition::Form::segment:
        case Condition::Form::sample:
        case Condition::Form::comparison: break;
    }
    return emit_leaf(condition, rule, on_true, on_false);
}

image::Jump ConditionCompiler::emit_parts(const Condition& condition, std::uint32_t rule, image::Jump on_true,
                                          image::Jump on_false) {
    const bool all = condition.form == Condition::Form::all;
    std::vector<const Condition*> parts;
    parts.reserve(condition.parts.size());
    for (const Condition& part : condition.parts) parts.push_back(&part);
    if (!weights_.empty() && parts.size() > 1) {
        const auto heaviest = std::max_element(
            parts.begin(), parts.end(),
            [this](const Condition* a, const Condition* b) { return weight(*a) < weight(*b); });
        std::rotate(heaviest, heaviest + 1, parts.end());
    }
    image::Jump entry = all ? on_true : on_false;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        entry = all ? emit(**part, rule, entry, on_false) : emit(**part, rule, on_true, entry);
    }
    return entry;
}

std::uint64_t ConditionCompiler::weight(const Condition& condition) const {
    if (condition.form == Condition::Form::segment) {
        const auto found = weights_.find(absl::string_view(condition.name.data(), condition.name.size()));
        return found == weights_.end() ? 1 : 1 + found->second;
    }
    std::uint64_t sum = 0;
    for (const Condition& part : condition.parts) sum += weight(part);
    return sum;
}

image::Jump ConditionCompiler::emit_leaf(const Condition& condition, std::uint32_t rule, image::Jump on_true,
                                         image::Jump on_false) {
    Emitted emitted;
    emitted.condition = &condition;
    emitted.instruction.rule = rule;
    emitted.instruction.on_true = on_true;
    emitted.instruction.on_false = on_false;
    code_.push_back(emitted);
    return static_cast<image::Jump>(code_.size() - 1);
}

void ConditionCompiler::finish(image::Ref& first, std::uint32_t& count) {
    count = static_cast<std::uint32_t>(code_.size());
    if (count == 0) return;
    first = first_ = writer_.reserve<image::Instruction>(code_.size());
    for (std::size_t i = 0; i < code_.size(); ++i) {
        const Emitted& emitted = code_[code_.size() - 1 - i];
        const Condition& condition = *emitted.condition;
        const std::size_t at = first + i * sizeof(image::Instruction);
        image::Instruction instruction = emitted.instruction;
        instruction.on_true = resolve(instruction.on_true);
        instruction.on_false = resolve(instruction.on_false);
        if (condition.form == Condition::Form::segment) {
            instruction.opcode = image::Opcode::segment;
            instruction.name = writer_.text(condition.name);
            writer_.relocate(Relocation::Kind::segment, at + offsetof(image::Instruction, operand),
                             Reference::Target::segment, condition.name);
        } else if (condition.form == Condition::Form::sample) {
            instruction.opcode = image::Opcode::sample;
            instruction.operand = write_sample(condition);
        } else {
            write_comparison(instruction, condition);
            if (instruction.opcode == image::Opcode::matches) {
                writer_.relocate_pattern(at + offsetof(image::Instruction, operand), instruction.operand,
                                         condition.ignore_case);
            }
        }
        writer_.put(at, instruction);
    }
}

void ConditionCompiler::write_comparison(image::Instruction& instruction, const Condition& condition) {
    instruction.name = writer_.text(condition.name);
    instruction.name_word = name_word(condition.name);
    instruction.name_slot = name_slot(instruction.name_word);
    instruction.opcode = opcode_of(condition.op);
    if (condition.ignore_case) instruction.flags = image::instruction_flags::ignore_case;
    switch (condition.op) {
        case Operator::is:
        case Operator::in: write_membership(instruction, condition); return;
        case Operator::less_than:
        case Operator::at_most:
        case Operator::greater_than:
        case Operator::at_least:
            instruction.operand = writer_.write(number_operand(condition.operands.front().number));
            return;
        case Operator::contains:
        case Operator::starts_with:
        case Operator::ends_with: write_text_search(instruction, condition); return;
        case Operator::matches: instruction.operand = writer_.text(condition.operands.front().string); return;
        case Operator::version_is:
        case Operator::version_below:
        case Operator::version_at_most:
        case Operator::version_above:
        case Operator::version_at_least:
            instruction.operand = writer_.text(condition.operands.front().string);
            if (version_key(condition.operands.front().string, instruction.word))
                instruction.flags = image::instruction_flags::short_version;
            return;
        case Operator::before:
        case Operator::after: instruction.operand = write_instant(condition.operands.front()); return;
        case Operator::in_cidr: instruction.operand = write_cidrs(condition); return;
        case Operator::exists: instruction.operand = condition.operands.front().boolean ? 1 : 0; return;
    }
}

/// `is` and `in`: an instruction of its own for one operand that is compared exactly, and for strings; `in` for others.
void ConditionCompiler::write_membership(image::Instruction& instruction, const Condition& condition) {
    if (condition.operands.size() == 1 &&
        !(condition.ignore_case && condition.operands.front().kind == ValueKind::string)) {
        const Scalar& operand = condition.operands.front();
        if (operand.kind == ValueKind::string) {
            instruction.opcode = image::Opcode::equals_string;
            instruction.word = hash64(operand.string);
            instruction.operand = writer_.text(operand.string);
        } else if (operand.kind == ValueKind::boolean) {
            instruction.opcode = image::Opcode::equals_boolean;
            instruction.operand = operand.boolean ? 1 : 0;
        } else {
            instruction.opcode = image::Opcode::equals_number;
            instruction.operand = writer_.write(number_operand(operand.number));
        }
        return;
    }
    image::InOperand in{};
    std::vector<Number> numbers;
    std::vector<SetMember> strings;
    std::vector<std::string> folded_strings;
    for (const Scalar& operand : condition.operands) {
        if (operand.kind == ValueKind::boolean) in.booleans |= operand.boolean ? 2u : 1u;
        else if (operand.kind != ValueKind::string) numbers.push_back(operand.number);
        else if (condition.ignore_case) folded_strings.push_back(folded(operand.string));
        else strings.push_back({operand.string, 0});
    }
    if (strings.size() == condition.operands.size() && !strings.empty()) {
        instruction.opcode = image::Opcode::in_strings;
        for (const SetMember& member : strings) instruction.word |= image::set_bit(hash64(member.text));
        instruction.operand = write_set(writer_, strings);
        return;
    }
    in.strings = condition.ignore_case ? write_folded_set(writer_, std::move(folded_strings))
                                       : write_set(writer_, strings);
    std::sort(numbers.begin(), numbers.end(),
              [](const Number& a, const Number& b) { return compare(a, b) < 0; });
    std::vector<image::NumberOperand> records;
    records.reserve(numbers.size());
    for (const Number& number : numbers) records.push_back(number_operand(number));
    in.number_count = static_cast<std::uint32_t>(records.size());
    if (!records.empty()) in.numbers = writer_.write_array<image::NumberOperand>(records);
    instruction.operand = writer_.write(in);
}

/// An instruction of its own for one exact text, a list for more.
void ConditionCompiler::write_text_search(image::Instruction& instruction, const Condition& condition) {
    if (condition.operands.size() != 1 || condition.ignore_case) {
        instruction.operand = write_texts(condition);
        return;
    }
    const std::string_view text = condition.operands.front().string;
    instruction.operand = writer_.text(text);
    if (text.size() >= sizeof instruction.word && condition.op != Operator::contains) {
        const std::size_t from =
            condition.op == Operator::starts_with ? 0 : text.size() - sizeof instruction.word;
        std::memcpy(&instruction.word, text.data() + from, sizeof instruction.word);
    }
    instruction.opcode = condition.op == Operator::contains      ? image::Opcode::contains_text
                         : condition.op == Operator::starts_with ? image::Opcode::starts_with_text
                                                                 : image::Opcode::ends_with_text;
}

image::Ref ConditionCompiler::write_texts(const Condition& condition) {
    std::vector<std::uint32_t> words{static_cast<std::uint32_t>(condition.operands.size())};
    for (const Scalar& operand : condition.operands) {
        words.push_back(
            writer_.text(condition.ignore_case ? folded(operand.string) : std::string(operand.string)));
    }
    static_assert(sizeof(image::TextList) == sizeof(std::uint32_t));
    return writer_.write_array<std::uint32_t>(words);
}

image::Ref ConditionCompiler::write_instant(const Scalar& operand) {
    eval::Instant instant = eval::instant_of_unix_ms(operand.number.integer);
    if (operand.kind == ValueKind::string)
        (void)eval::parse_instant(operand.string, instant);  // the reader accepted it
    return writer_.write(image::InstantOperand{instant.seconds, instant.fraction,
                                               instant.rest.empty() ? 0 : writer_.text(instant.rest), 0});
}

image::Ref ConditionCompiler::write_cidrs(const Condition& condition) {
    const image::Ref list =
        writer_.reserve(sizeof(image::CidrList) + condition.operands.size() * sizeof(image::CidrRecord),
                        alignof(image::CidrRecord));
    writer_.put(list, image::CidrList{static_cast<std::uint32_t>(condition.operands.size()), 0});
    std::size_t at = list + sizeof(image::CidrList);
    for (const Scalar& operand : condition.operands) {
        eval::Cidr cidr{};
        (void)eval::parse_cidr(operand.string, cidr);  // the reader accepted it
        writer_.put(at,
                    image::CidrRecord{cidr.base.high, cidr.base.low, cidr.length, cidr.base.v6 ? 1u : 0u});
        at += sizeof(image::CidrRecord);
    }
    return list;
}

image::Ref ConditionCompiler::write_sample(const Condition& condition) {
    image::Sample sample{};
    sample.seed = eval::seed_of(condition.name);
    sample.below = percent_boundary(condition.percent_micros);
    sample.unit = write_unit(writer_, condition.unit);
    sample.function = image::native_bucket;
    return writer_.write(sample);
}

}  // namespace expplat::ruleset
