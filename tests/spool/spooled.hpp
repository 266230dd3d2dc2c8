// What lies in a spool's folder, whose ever: read where the processes that wrote it are dead.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "src/sinks/spool_record.hpp"
#include "tests/sinks/event_fixture.hpp"

namespace expplat::tests {

/// Calls `visit(const exposure::Event&)` for every event on disk whose record is whole.
template <class Visit>
void visit_spooled(const std::string& folder, Visit&& visit) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".seg") continue;
        const std::string bytes = content_of(entry.path().string());
        exposure::Batch batch;
        const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data());
        batch.bytes.assign(begin, begin + bytes.size());
        (void)sinks::read_spool_records(batch);
        for (const exposure::Event& event : batch.events) visit(event);
    }
}

}  // namespace expplat::tests
