#include "src/aws/profile_file.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace expplat::aws {

namespace {

constexpr std::string_view blanks = " \t\r\f\v";

[[nodiscard]] std::string_view trim(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

[[nodiscard]] std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

[[nodiscard]] constexpr bool begins_comment(char c) noexcept { return c == '#' || c == ';'; }

/// The value without a comment behind it: `#` or `;` after a blank.
[[nodiscard]] std::string_view without_comment(std::string_view value) noexcept {
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (begins_comment(value[i]) && (i == 0 || value[i - 1] == ' ' || value[i - 1] == '\t')) {
            return trim(value.substr(0, i));
        }
    }
    return trim(value);
}

/// One file, line by line.
class Reader {
public:
    Reader(ProfileFile kind, Profiles& profiles) : kind_(kind), profiles_(profiles) {}

    /// What is wrong with the line; nothing where it is in order.
    [[nodiscard]] std::optional<std::string_view> line(std::string_view text) {
        const std::string_view inner = trim(text);
        if (inner.empty() || begins_comment(inner.front())) return std::nullopt;
        if (text.front() == ' ' || text.front() == '\t') return continuation(inner);
        if (inner.front() == '[') return section(inner);
        return property(inner);
    }

private:
    enum class Place { none, wanted, passed_over };

    [[nodiscard]] std::optional<std::string_view> section(std::string_view text) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return "a section's name must end with `]`";
        const std::string_view rest = trim(text.substr(end + 1));
        if (!rest.empty() && !begins_comment(rest.front())) return "there is text after a section's `]`";
        place_ = Place::passed_over;
        section_ = nullptr;
        last_.clear();
        std::string_view name = trim(text.substr(1, end - 1));
        if (name.empty()) return "a section has no name";
        const std::string_view prefix = name.substr(0, name.find_first_of(" \t"));
        const bool has_prefix = prefix.size() < name.size();
        std::string_view second = has_prefix ? trim(name.substr(prefix.size())) : std::string_view();
        if (second.size() >= 2 && (second.front() == '"' || second.front() == '\'') &&
            second.back() == second.front()) {
            second = second.substr(1, second.size() - 2);
        }
        if (kind_ == ProfileFile::credentials) {
            if (!has_prefix) open(profiles_.profiles[std::string(name)]);
        } else if (prefix == "profile" && has_prefix) {
            if (second == "default" && !default_has_prefix_) {
                // `[profile default]` stands over `[default]`.
                default_has_prefix_ = true;
                profiles_.profiles.erase("default");
            }
            open(profiles_.profiles[std::string(second)]);
        } else if (name == "default") {
            if (!default_has_prefix_) open(profiles_.profiles["default"]);
        } else if (prefix == "services" && has_prefix) {
            open(profiles_.services[std::string(second)]);
        }
        return std::nullopt;
    }

    void open(Section& section) {
        place_ = Place::wanted;
        section_ = &section;
    }

    [[nodiscard]] std::optional<std::string_view> property(std::string_view text) {
        if (place_ == Place::none) return "a property stands before the first section";
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) return "a property has no `=`";
        last_ = lower(trim(text.substr(0, equals)));
        if (last_.empty()) return "a property has no name";
        if (section_ == nullptr) return std::nullopt;
        const std::string_view value = without_comment(text.substr(equals + 1));
        last_is_empty_ = value.empty();
        section_->properties[last_] = std::string(value);
        section_->nested.erase(last_);
        return std::nullopt;
    }

    /// An indented line: a property below an empty one, or more of a value.
    [[nodiscard]] std::optional<std::string_view> continuation(std::string_view text) {
        if (last_.empty()) return "an indented line follows no property";
        if (section_ == nullptr) return std::nullopt;
        if (!last_is_empty_) {
            std::string& value = section_->properties[last_];
            value += '\n';
            value += text;
            return std::nullopt;
        }
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) return "an indented property has no `=`";
        const std::string name = lower(trim(text.substr(0, equals)));
        if (name.empty()) return "an indented property has no name";
        section_->nested[last_][name] = std::string(without_comment(text.substr(equals + 1)));
        return std::nullopt;
    }

    ProfileFile kind_;
    Profiles& profiles_;
    Place place_ = Place::none;
    Section* section_ = nullptr;
    std::string last_;  // the property that indented lines belong to
    bool last_is_empty_ = false;
    bool default_has_prefix_ = false;
};

/// Where a shared file is: what the variable says, else below the home directory; empty where there is none.
[[nodiscard]] std::string file_path(const Surroundings& surroundings, const std::string& variable,
                                    std::string_view name) {
    std::string home = surroundings.variable("HOME");
    if (home.empty()) home = surroundings.variable("USERPROFILE");
    std::string path = surroundings.variable(variable);
    if (path.empty()) return home.empty() ? std::string() : home + "/.aws/" + std::string(name);
    if (path.starts_with("~/") && !home.empty()) path.replace(0, 1, home);
    return path;
}

struct Place {
    ProfileFile kind;
    std::string path;
};

[[nodiscard]] std::pair<Place, Place> places(const Surroundings& surroundings) {
    return {
        {ProfileFile::config, file_path(surroundings, "AWS_CONFIG_FILE", "config")},
        {ProfileFile::credentials, file_path(surroundings, "AWS_SHARED_CREDENTIALS_FILE", "credentials")}};
}

}  // namespace

std::string Section::find(std::string_view name) const {
    const auto entry = properties.find(name);
    return entry == properties.end() ? std::string() : entry->second;
}

const Section* Profiles::find(std::string_view name) const noexcept {
    const auto entry = profiles.find(name);
    return entry == profiles.end() ? nullptr : &entry->second;
}

Result<void> parse_profile_file(std::string_view text, ProfileFile kind, const std::string& path,
                                Profiles& profiles) {
    if (text.size() > profile_file_bytes) {
        return Error{ErrorCode::too_large,
                     path + ": has more than " + std::to_string(profile_file_bytes) + " bytes"};
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    Reader reader(kind, profiles);
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (const auto problem = reader.line(text.substr(0, end))) {
            return Error{ErrorCode::invalid_argument,
                         path + ": line " + std::to_string(number) + ": " + std::string(*problem)};
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
}

Result<Profiles> load_profiles(const Surroundings& surroundings) {
    Profiles profiles;
    const auto [config, credentials] = places(surroundings);
    for (const Place& place : {config, credentials}) {
        if (place.path.empty() || !surroundings.read_file) continue;
        const Result<std::string> text = surroundings.read_file(place.path, profile_file_bytes);
        if (!text && text.error().code == ErrorCode::not_found) continue;
        if (!text) return text.error();
        if (Result<void> parsed = parse_profile_file(*text, place.kind, place.path, profiles); !parsed) {
            return parsed.error();
        }
    }
    return profiles;
}

std::string profile_places(const Surroundings& surroundings) {
    const auto [config, credentials] = places(surroundings);
    if (config.path.empty() && credentials.path.empty()) {
        return "HOME is not set, so there are no shared files";
    }
    return config.path + ", " + credentials.path;
}

}  // namespace expplat::aws
