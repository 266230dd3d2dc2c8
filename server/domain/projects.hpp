// `Projects`: projects and their environments.
//
// Thin over the tables: keys never change, nothing is deleted but archived, an environment begins with an empty ruleset that
// is published at once. Safe from many threads; `plane` outlives it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/domain/control_plane.hpp"
#include "server/domain/nouns.hpp"

namespace expplat::server::domain {

/// Members that are given are changed.
struct ProjectChange {
    std::optional<std::string> name = {};
    std::optional<std::string> description = {};
    std::optional<bool> archived = {};
};

struct EnvironmentChange {
    std::optional<std::string> name = {};
    std::optional<std::string> description = {};
    std::optional<bool> requires_approval = {};
    std::optional<bool> archived = {};
};

class Projects {
public:
    explicit Projects(const ControlPlane& plane) : plane_(plane) {}

    Outcome<Project> create(const Caller& caller, const std::string& key, const std::string& name,
                            const std::string& description) const;
    Outcome<Project> get(const Caller& caller, const std::string& key) const;
    /// By key. Those that the caller may not read are left out.
    Outcome<Page<Project>> list(const Caller& caller, bool archived, const PageRequest& page) const;
    Outcome<Project> update(const Caller& caller, const std::string& key, const ProjectChange& change,
                            std::optional<std::int64_t> if_revision = {}) const;

    Outcome<Environment> create_environment(const Caller& caller, const std::string& project,
                                            const std::string& key, const std::string& name,
                                            const std::string& description, bool requires_approval) const;
    Outcome<Environment> get_environment(const Caller& caller, const std::string& project,
                                         const std::string& key) const;
    /// All of the project, by key.
    Outcome<std::vector<Environment>> list_environments(const Caller& caller,
                                                        const std::string& project) const;
    Outcome<Environment> update_environment(const Caller& caller, const std::string& project,
                                            const std::string& key, const EnvironmentChange& change,
                                            std::optional<std::int64_t> if_revision = {}) const;

private:
    const ControlPlane& plane_;
};

/// As the audit and the interface show it.
[[nodiscard]] std::string to_json(const Project& project);
[[nodiscard]] std::string to_json(const Environment& environment);

}  // namespace expplat::server::domain
