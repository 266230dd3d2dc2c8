#include "bindings/node/addon/description.hpp"

#include <bit>
#include <cstddef>

#include "src/ruleset/json.hpp"

namespace expplat::node {
namespace {

constexpr std::int64_t most_exact = std::int64_t{1} << 53;

/// Makes values, and remembers whether one could not be made.
class Maker {
public:
    explicit Maker(napi_env env) noexcept : env_(env) {}

    [[nodiscard]] bool failed() const noexcept { return failed_; }

    [[nodiscard]] napi_value null() noexcept {
        return made([&](napi_value* out) { return napi_get_null(env_, out); });
    }
    [[nodiscard]] napi_value boolean(bool value) noexcept {
        return made([&](napi_value* out) { return napi_get_boolean(env_, value, out); });
    }
    [[nodiscard]] napi_value number(double value) noexcept {
        return made([&](napi_value* out) { return napi_create_double(env_, value, out); });
    }
    /// A number; a bigint where a number would be another one.
    [[nodiscard]] napi_value integer(std::int64_t value) noexcept {
        return made([&](napi_value* out) {
            return value >= -most_exact && value <= most_exact ? napi_create_int64(env_, value, out)
                                                               : napi_create_bigint_int64(env_, value, out);
        });
    }
    [[nodiscard]] napi_value string(std::string_view text) noexcept {
        return made(
            [&](napi_value* out) { return napi_create_string_utf8(env_, text.data(), text.size(), out); });
    }
    [[nodiscard]] napi_value text_or_null(std::string_view text) noexcept {
        return text.empty() ? null() : string(text);
    }
    [[nodiscard]] napi_value array(std::size_t size) noexcept {
        return made([&](napi_value* out) { return napi_create_array_with_length(env_, size, out); });
    }
    void set(napi_value array, std::size_t place, napi_value value) noexcept {
        if (!failed_)
            failed_ = napi_set_element(env_, array, static_cast<std::uint32_t>(place), value) != napi_ok;
    }

    /// Frozen through and through, as every caller gets the same one.
    [[nodiscard]] napi_value json(const ruleset::Node& node) noexcept {
        switch (node.kind()) {
            case ruleset::NodeKind::null: return null();
            case ruleset::NodeKind::boolean: return boolean(node.boolean());
            case ruleset::NodeKind::integer: return integer(node.integer());
            case ruleset::NodeKind::real: return number(node.real());
            case ruleset::NodeKind::string: return string(node.text());
            case ruleset::NodeKind::array: return list(node);
            case ruleset::NodeKind::object: return object(node);
        }
        return null();
    }

private:
    template <class Make>
    napi_value made(Make&& make) noexcept {
        napi_value result = nullptr;
        if (failed_ || make(&result) != napi_ok) failed_ = true;
        return result;
    }

    napi_value list(const ruleset::Node& node) noexcept {
        const napi_value result = array(node.items().size());
        std::size_t place = 0;
        for (const ruleset::Node& item : node.items()) set(result, place++, json(item));
        return frozen(result);
    }

    napi_value object(const ruleset::Node& node) noexcept {
        const napi_value result = made([&](napi_value* out) { return napi_create_object(env_, out); });
        for (const ruleset::Member& member : node.members()) {
            // Defined, not set: `__proto__` is a member like any other.
            napi_property_descriptor property{};
            property.name = string(member.name);
            property.value = json(member.value);
            property.attributes = napi_default_jsproperty;
            if (!failed_) failed_ = napi_define_properties(env_, result, 1, &property) != napi_ok;
        }
        return frozen(result);
    }

    napi_value frozen(napi_value object) noexcept {
        if (!failed_) failed_ = napi_object_freeze(env_, object) != napi_ok;
        return object;
    }

    napi_env env_;
    bool failed_ = false;
};

napi_value value_of(Maker& maker, const eval::Answer& answer) noexcept {
    if (!answer.has_variant()) return maker.null();
    switch (answer.value_kind()) {
        case ValueKind::boolean: return maker.boolean(answer.record().bits != 0);
        case ValueKind::integer: return maker.integer(static_cast<std::int64_t>(answer.record().bits));
        case ValueKind::number: return maker.number(std::bit_cast<double>(answer.record().bits));
        case ValueKind::string: return maker.string(answer.text());
        case ValueKind::object: {
            const Result<ruleset::Document> document = ruleset::parse_json(answer.text());
            return document ? maker.json(document->root()) : maker.null();
        }
        case ValueKind::null:
        case ValueKind::list: break;
    }
    return maker.null();
}

/// Everybody gets it, whatever the user is.
bool is_static(const eval::Answer& answer) noexcept {
    return answer.entity != nullptr && answer.entity->kind == image::EntityKind::flag &&
           answer.reason == Reason::default_ && answer.entity->targets == 0 &&
           answer.entity->prerequisite_count == 0 && answer.entity->outcome_count == 1;
}

}  // namespace

napi_value describe(napi_env env, std::optional<std::string_view> key, const eval::Answer& answer,
                    std::uint64_t version) noexcept {
    Maker maker(env);
    const napi_value members[] = {
        key ? maker.string(*key) : maker.null(),
        maker.text_or_null(answer.variant_key()),
        value_of(maker, answer),
        maker.string(name(answer.reason)),
        maker.text_or_null(answer.rule),
        maker.text_or_null(name(answer.error)),
        maker.boolean(answer.exposure),
        maker.number(static_cast<double>(version)),
        maker.boolean(is_static(answer)),
    };
    const napi_value description = maker.array(std::size(members));
    for (std::size_t i = 0; i < std::size(members); ++i) maker.set(description, i, members[i]);
    return maker.failed() ? nullptr : description;
}

}  // namespace expplat::node
