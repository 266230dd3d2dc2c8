#include "src/sync/adopter.hpp"

#include <string>

#include "src/ruleset/peek.hpp"

namespace expplat::sync {

namespace {

Offer offer(const Adopter& adopter, const std::function<Result<void>(std::string_view)>& take,
            std::string_view json) {
    const std::optional<std::uint64_t> held = adopter.version();
    const std::optional<std::uint64_t> offered = ruleset::peek_version(json);
    if (held && offered && *offered == *held) return {Adoption::held, {}};
    if (held && offered && *offered < *held) {
        return {
            Adoption::refused,
            {ErrorCode::invalid_ruleset, "version " + std::to_string(*offered) + " is older than version " +
                                             std::to_string(*held) + ", which is held"}};
    }
    // A text whose version cannot be seen is broken; its compiler says how.
    const Result<void> taken = take(json);
    if (!taken) return {Adoption::refused, taken.error()};
    return {Adoption::adopted, {}};
}

}  // namespace

Offer offer_ruleset(const Adopter& adopter, std::string_view json) {
    return offer(adopter, adopter.put, json);
}

Offer offer_patch(const Adopter& adopter, std::string_view json) {
    return offer(adopter, adopter.patch, json);
}

}  // namespace expplat::sync
