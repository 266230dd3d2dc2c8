#include "src/ruleset/problem.hpp"

#include <algorithm>

namespace expplat::ruleset {

void sort_problems(std::vector<Problem>& problems, std::size_t most) {
    std::stable_sort(problems.begin(), problems.end());
    const auto same = [](const Problem& a, const Problem& b) { return !(a < b) && a.pointer == b.pointer; };
    problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
    if (problems.size() > most) problems.resize(most);
}

}  // namespace expplat::ruleset
