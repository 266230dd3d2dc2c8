#include "src/cli/arguments.hpp"

#include <algorithm>
#include <charconv>

namespace expplat::cli {

namespace {
Error usage(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }
}  // namespace

Result<Arguments> Arguments::parse(const std::vector<std::string_view>& words,
                                   std::span<const OptionRule> rules) {
    Arguments arguments;
    bool options_ended = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (options_ended || word.size() < 2 || word.front() != '-') {
            arguments.operands_.push_back(word);
            continue;
        }
        if (word == "--") {
            options_ended = true;
            continue;
        }
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const auto rule =
            std::find_if(rules.begin(), rules.end(), [name](const OptionRule& r) { return r.name == name; });
        if (rule == rules.end()) return usage("unknown option " + std::string(name));
        if (!rule->takes_value && equals != std::string_view::npos)
            return usage(std::string(name) + " takes no value");
        Given given{rule->name, {}};
        if (rule->takes_value && equals != std::string_view::npos) {
            given.value = word.substr(equals + 1);
        } else if (rule->takes_value) {
            if (++i == words.size()) return usage(std::string(name) + " needs a value");
            given.value = words[i];
        }
        if (!rule->repeats && arguments.has(rule->name)) return usage(std::string(name) + " is given twice");
        arguments.options_.push_back(given);
    }
    return arguments;
}

bool Arguments::has(std::string_view option) const { return value(option).has_value(); }

std::optional<std::string_view> Arguments::value(std::string_view option) const {
    for (const Given& given : options_) {
        if (given.name == option) return given.value;
    }
    return std::nullopt;
}

std::vector<std::string> Arguments::values(std::string_view option) const {
    std::vector<std::string> values;
    for (const Given& given : options_) {
        if (given.name == option) values.emplace_back(given.value);
    }
    return values;
}

Result<unsigned> Arguments::count(std::string_view option, unsigned fallback, unsigned most) const {
    const std::optional<std::string_view> text = value(option);
    if (!text) return fallback;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size() || number < 1 || number > most) {
        return usage(std::string(option) + " takes a whole number from 1 to " + std::to_string(most) +
                     ", not '" + std::string(*text) + "'");
    }
    return number;
}

}  // namespace expplat::cli
