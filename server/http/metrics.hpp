// `Metrics`: what is counted, as Prometheus reads it.
//
// Families are made when the program is put together and live as long as it; counting is wait-free and may be done by any
// thread. `text()` is the exposition format, version 0.0.4. Source: prometheus.io, "Exposition formats".
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace expplat::server::http {

class Counter {
public:
    void add(std::uint64_t count = 1) noexcept { count_.fetch_add(count, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> count_{0};
};

/// Of durations: how many took at most 1, 2.5, 5, 10, … milliseconds.
class Histogram {
public:
    static constexpr std::array<std::uint64_t, 13> bounds_us{250,     500,       1'000,    2'500,   5'000,
                                                             10'000,  25'000,    50'000,   100'000, 250'000,
                                                             500'000, 1'000'000, 5'000'000};
    void observe(std::uint64_t us) noexcept;

private:
    friend class Metrics;
    std::array<std::atomic<std::uint64_t>, bounds_us.size() + 1> counts_{};
    std::atomic<std::uint64_t> sum_us_{0};
};

class Metrics {
public:
    using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

    /// The one of these labels; made where it is new. Stays valid. At most `series_most` a family: then one that is labelled
    /// `other` throughout.
    [[nodiscard]] Counter& counter(std::string_view family, std::string_view help, const Labels& labels = {});
    [[nodiscard]] Histogram& histogram(std::string_view family, std::string_view help,
                                       const Labels& labels = {});
    /// A value that is asked for when somebody looks. `read` may be called by any thread.
    void gauge(std::string_view family, std::string_view help, std::function<double()> read);

    [[nodiscard]] std::string text() const;

    static constexpr std::size_t series_most = 2'000;

private:
    template <class Series>
    struct Family {
        std::string help;
        std::map<std::string, std::unique_ptr<Series>, std::less<>>
            series;  // by its labels as they are written
    };
    template <class Series>
    [[nodiscard]] static Series& find(std::map<std::string, Family<Series>, std::less<>>& families,
                                      std::string_view family, std::string_view help, const Labels& labels);
    struct Gauge {
        std::string help;
        std::function<double()> read;
    };

    mutable std::mutex mutex_;  // guards the maps; not what they lead to
    std::map<std::string, Family<Counter>, std::less<>> counters_;
    std::map<std::string, Family<Histogram>, std::less<>> histograms_;
    std::map<std::string, Gauge, std::less<>> gauges_;
};

}  // namespace expplat::server::http
