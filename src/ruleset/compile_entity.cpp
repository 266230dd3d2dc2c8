#include "src/ruleset/compile_entity.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>
#include <utility>

#include "expplat/base/hash.hpp"
#include "expplat/eval/bucket.hpp"

namespace expplat::ruleset {

namespace {

__extension__ using Wide = unsigned __int128;

/// What flags and experiments have in common.
class EntityCompiler {
public:
    EntityCompiler(std::string_view key, const CallWeights& weights) : conditions_(writer_, weights) {
        (void)writer_.reserve<image::Entity>();
        entity_.key = writer_.text(key);
    }

    [[nodiscard]] Chunk flag(const Flag& flag) {
        entity_.kind = image::EntityKind::flag;
        entity_.state = flag.enabled ? image::State::running : image::State::paused;
        if (flag.exposures) entity_.flags |= image::entity_flags::exposures;
        if (!flag.enabled || !flag.prerequisites.empty()) entity_.flags |= image::entity_flags::special;
        entity_.off = flag.off;
        variants(flag.type, flag.variants);
        targets(flag.targets);
        prerequisites(flag.prerequisites);
        rules(flag);
        return finish();
    }

    [[nodiscard]] Chunk experiment(const Experiment& experiment) {
        entity_.kind = image::EntityKind::experiment;
        entity_.state = static_cast<image::State>(experiment.status);
        entity_.flags |= image::entity_flags::special;
        entity_.off = experiment.winner.value_or(image::none);
        variants(experiment.type, experiment.variants);
        targets(experiment.targets);
        prerequisites(experiment.prerequisites);
        const image::Jump entry =
            experiment.condition ? conditions_.emit(*experiment.condition, 0, image::accept, image::reject)
                                 : image::accept;
        finish_code(entry);
        entity_.experiment = writer_.reserve<image::ExperimentRecord>();
        image::ExperimentRecord record{};
        record.unit = write_unit(writer_, experiment.split.unit);
        record.split = split(experiment.split);
        record.traffic_seed = eval::seed_of(std::string(experiment.split.salt) + ":traffic");
        record.traffic_below = percent_boundary(experiment.traffic_micros);
        enrolment(experiment, record);
        writer_.put(entity_.experiment, record);
        return finish();
    }

private:
    void enrolment(const Experiment& experiment, image::ExperimentRecord& record) {
        if (experiment.layer) {
            record.layer = writer_.text(experiment.layer->key);
            record.layer_from = experiment.layer->from;
            record.layer_to = experiment.layer->to;
            writer_.relocate(Relocation::Kind::layer_seed,
                             entity_.experiment + offsetof(image::ExperimentRecord, layer_seed),
                             Reference::Target::layer, experiment.layer->key);
        }
        if (experiment.holdout) {
            record.holdout = writer_.text(*experiment.holdout);
            writer_.relocate(Relocation::Kind::holdout,
                             entity_.experiment + offsetof(image::ExperimentRecord, holdout_seed),
                             Reference::Target::holdout, *experiment.holdout);
        }
    }

    void variants(ValueKind type, const std::vector<Variant>& variants) {
        entity_.value_kind = static_cast<std::uint8_t>(type);
        entity_.variant_count = static_cast<std::uint32_t>(variants.size());
        std::vector<image::VariantRecord> records;
        records.reserve(variants.size());
        for (const Variant& variant : variants) {
            image::VariantRecord record{};
            record.key = writer_.text(variant.key);
            switch (type) {
                case ValueKind::boolean: record.bits = variant.boolean ? 1 : 0; break;
                case ValueKind::integer: record.bits = static_cast<std::uint64_t>(variant.integer); break;
                case ValueKind::number: record.bits = std::bit_cast<std::uint64_t>(variant.number); break;
                default: break;
            }
            if (type == ValueKind::string) record.text = writer_.text(variant.string);
            else if (type != ValueKind::boolean) record.text = writer_.text(variant.json);
            records.push_back(record);
        }
        entity_.variants = writer_.write_array<image::VariantRecord>(records);
    }

    void targets(const std::vector<Target>& targets) {
        std::vector<SetMember> members;
        for (const Target& target : targets) {
            for (const std::string_view user_key : target.user_keys)
                members.push_back({user_key, target.variant});
        }
        entity_.targets = write_set(writer_, members);
    }

    void prerequisites(const std::vector<Prerequisite>& prerequisites) {
        if (prerequisites.empty()) return;
        entity_.prerequisite_count = static_cast<std::uint32_t>(prerequisites.size());
        entity_.prerequisites = writer_.reserve<image::PrerequisiteRecord>(prerequisites.size());
        std::size_t at = entity_.prerequisites;
        for (const Prerequisite& prerequisite : prerequisites) {
            image::PrerequisiteRecord record{};
            record.key = writer_.text(prerequisite.key);
            std::vector<image::Ref> accepted;
            for (const std::string_view variant : prerequisite.variants)
                accepted.push_back(writer_.text(variant));
            record.variant_count = static_cast<std::uint32_t>(accepted.size());
            record.variants = writer_.write_array<image::Ref>(accepted);
            writer_.put(at, record);
            writer_.relocate(Relocation::Kind::prerequisite, at + offsetof(image::PrerequisiteRecord, entity),
                             Reference::Target::flag_or_experiment, prerequisite.key);
            at += sizeof record;
        }
    }

    /// The rules as one program, last rule first: each rule's `if` leads to its outcome or to the next rule.
    void rules(const Flag& flag) {
        const auto count = static_cast<std::uint32_t>(flag.rules.size());
        std::vector<image::Outcome> outcomes(flag.rules.size() + 1);
        outcomes[count] = outcome(flag.default_serve, {}, image::none);
        image::Jump entry = image::terminal | count;
        for (std::uint32_t i = count; i-- > 0;) {
            const Rule& rule = flag.rules[i];
            outcomes[i] = outcome(rule.serve, rule.id, entry);
            const image::Jump serve = image::terminal | i;
            entry = rule.condition ? conditions_.emit(*rule.condition, i, serve, entry) : serve;
        }
        entity_.outcome_count = count + 1;
        entity_.outcomes = writer_.reserve<image::Outcome>(outcomes.size());
        conditions_.set_outcomes(entity_.outcomes);
        finish_code(entry);
        std::size_t place = entity_.outcomes;
        for (image::Outcome& outcome : outcomes) {
            outcome.otherwise = conditions_.resolve(outcome.otherwise);
            writer_.put(place, outcome);
            place += sizeof outcome;
        }
    }

    [[nodiscard]] image::Outcome outcome(const Serve& serve, std::string_view rule, image::Jump otherwise) {
        image::Outcome outcome{image::none, 0, 0, otherwise};
        if (serve.is_split()) outcome.split = split(serve);
        else outcome.variant = serve.variant;
        outcome.rule = writer_.text(rule);
        return outcome;
    }

    /// Boundaries: floor((w1 + … + wi) × 2^32 / W), exactly (RULESET.md, section 6).
    [[nodiscard]] image::Ref split(const Serve& serve) {
        image::Split split{};
        split.seed = eval::seed_of(serve.salt);
        split.unit = write_unit(writer_, serve.unit);
        split.function = image::native_bucket;
        split.count = std::max(static_cast<std::uint32_t>(serve.shares.size()), image::least_ranges);
        Wide total = 0;
        for (const Share& share : serve.shares) total += share.weight_micros;
        const image::Ref at =
            writer_.reserve(sizeof split + split.count * sizeof(image::SplitRange), alignof(image::Split));
        writer_.put(at, split);
        Wide sum = 0;
        std::size_t place = at + sizeof split;
        for (const Share& share : serve.shares) {
            sum += share.weight_micros;
            writer_.put(place,
                        image::SplitRange{static_cast<std::uint64_t>((sum << 32) / total), share.variant, 0});
            place += sizeof(image::SplitRange);
        }
        for (std::size_t i = serve.shares.size(); i < split.count; ++i) {
            writer_.put(place, image::SplitRange{eval::point_range, serve.shares.back().variant, 0});
            place += sizeof(image::SplitRange);
        }
        return at;
    }

    void finish_code(image::Jump entry) {
        conditions_.finish(entity_.code, entity_.code_count);
        entity_.entry = conditions_.resolve(entry);
    }

    [[nodiscard]] Chunk finish() {
        writer_.put(0, entity_);
        return std::move(writer_).finish();
    }

    ChunkWriter writer_;
    ConditionCompiler conditions_;
    image::Entity entity_{};
};

Chunk compile_segment(std::string_view key, const Segment& segment, const CallWeights& weights) {
    ChunkWriter writer;
    (void)writer.reserve<image::Segment>();
    image::Segment record{};
    record.key = writer.text(key);
    record.unit = write_unit(writer, segment.unit);
    const auto members = [](const std::vector<std::string_view>& texts) {
        std::vector<SetMember> result;
        result.reserve(texts.size());
        for (const std::string_view text : texts) result.push_back({text, 0});
        return result;
    };
    record.included = write_set(writer, members(segment.included));
    record.excluded = write_set(writer, members(segment.excluded));
    ConditionCompiler conditions(writer, weights);
    const image::Jump entry = segment.condition
                                  ? conditions.emit(*segment.condition, 0, image::accept, image::reject)
                                  : image::reject;
    conditions.finish(record.code, record.code_count);
    record.entry = conditions.resolve(entry);
    writer.put(0, record);
    return std::move(writer).finish();
}

}  // namespace

Chunk compile_entity(std::string_view key, const Body& body, const CallWeights& weights) {
    if (const auto* segment = std::get_if<Segment>(&body)) return compile_segment(key, *segment, weights);
    if (const auto* flag = std::get_if<Flag>(&body)) return EntityCompiler(key, weights).flag(*flag);
    if (const auto* experiment = std::get_if<Experiment>(&body)) {
        return EntityCompiler(key, weights).experiment(*experiment);
    }
    Chunk chunk;
    if (const auto* layer = std::get_if<Layer>(&body)) chunk.seed = eval::seed_of(layer->salt);
    if (const auto* holdout = std::get_if<Holdout>(&body)) {
        chunk.seed = eval::seed_of(holdout->salt);
        chunk.below = percent_boundary(holdout->percent_micros);
    }
    return chunk;
}

Chunk compile_unsupported(std::string_view key, EntityKind kind) {
    ChunkWriter writer;
    (void)writer.reserve<image::Entity>();
    image::Entity entity{};
    entity.kind = kind == EntityKind::flag ? image::EntityKind::flag : image::EntityKind::experiment;
    entity.flags = image::entity_flags::unsupported | image::entity_flags::special;
    entity.key = writer.text(key);
    writer.put(0, entity);
    return std::move(writer).finish();
}

}  // namespace expplat::ruleset
