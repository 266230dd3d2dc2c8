// From a `Delivery`, which counts from the front of a batch, to a `Report`, event by event.
//
// Used by sinks that settle a batch in order: the file and a program's own function. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "expplat/exposure/sink.hpp"

namespace expplat::sinks {

[[nodiscard]] inline exposure::Report report_of(exposure::Delivery delivery, std::size_t batch_size) {
    exposure::Report report;
    const std::size_t acknowledged = std::min(delivery.acknowledged, batch_size);
    const std::size_t settled = acknowledged + std::min(delivery.rejected, batch_size - acknowledged);
    for (std::size_t i = acknowledged; i < settled; ++i) report.rejected.push_back({i, delivery.message});
    for (std::size_t i = settled; i < batch_size; ++i) report.retry.push_back(i);
    report.message = std::move(delivery.message);
    return report;
}

}  // namespace expplat::sinks
