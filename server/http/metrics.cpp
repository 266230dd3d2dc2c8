#include "server/http/metrics.hpp"

#include <algorithm>

#include "expplat/base/json_text.hpp"

namespace expplat::server::http {
namespace {

[[nodiscard]] std::string written(const Metrics::Labels& labels) {
    std::string text;
    for (const auto& [name, value] : labels) {
        if (!text.empty()) text += ',';
        text += name;
        text += "=\"";
        for (const char c : value) {
            if (c == '\n') {
                text += "\\n";
                continue;
            }
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    return text;
}

void head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
    out += "# HELP ";
    out += name;
    out += ' ';
    out += help;
    out += "\n# TYPE ";
    out += name;
    out += ' ';
    out += type;
    out += '\n';
}

void line(std::string& out, std::string_view name, std::string_view suffix, std::string_view labels,
          std::string_view value) {
    out += name;
    out += suffix;
    if (!labels.empty()) {
        out += '{';
        out += labels;
        out += '}';
    }
    out += ' ';
    out += value;
    out += '\n';
}

[[nodiscard]] std::string number(double value) {
    std::string text;
    append_json_number(text, value);
    return text;
}

}  // namespace

void Histogram::observe(std::uint64_t us) noexcept {
    const auto bound = std::lower_bound(bounds_us.begin(), bounds_us.end(), us);
    counts_[static_cast<std::size_t>(bound - bounds_us.begin())].fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(us, std::memory_order_relaxed);
}

template <class Series>
Series& Metrics::find(std::map<std::string, Family<Series>, std::less<>>& families, std::string_view family,
                      std::string_view help, const Labels& labels) {
    auto found = families.find(family);
    if (found == families.end()) found = families.emplace(std::string(family), Family<Series>{}).first;
    if (found->second.help.empty()) found->second.help = help;
    auto& series = found->second.series;
    std::string key = written(labels);
    if (!series.contains(key) && series.size() >= series_most) {
        Labels other = labels;
        for (auto& [name, value] : other) value = "other";
        key = written(other);
    }
    std::unique_ptr<Series>& one = series[key];
    if (one == nullptr) one = std::make_unique<Series>();
    return *one;
}

Counter& Metrics::counter(std::string_view family, std::string_view help, const Labels& labels) {
    const std::scoped_lock lock(mutex_);
    return find(counters_, family, help, labels);
}

Histogram& Metrics::histogram(std::string_view family, std::string_view help, const Labels& labels) {
    const std::scoped_lock lock(mutex_);
    return find(histograms_, family, help, labels);
}

void Metrics::gauge(std::string_view family, std::string_view help, std::function<double()> read) {
    const std::scoped_lock lock(mutex_);
    gauges_.insert_or_assign(std::string(family), Gauge{std::string(help), std::move(read)});
}

std::string Metrics::text() const {
    std::string out;
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, family] : counters_) {
        head(out, name, family.help, "counter");
        for (const auto& [labels, counter] : family.series)
            line(out, name, "", labels, std::to_string(counter->value()));
    }
    for (const auto& [name, gauge] : gauges_) {
        head(out, name, gauge.help, "gauge");
        line(out, name, "", "", number(gauge.read()));
    }
    for (const auto& [name, family] : histograms_) {
        head(out, name, family.help, "histogram");
        for (const auto& [labels, histogram] : family.series) {
            const std::string before = labels.empty() ? "" : labels + ',';
            std::uint64_t count = 0;
            for (std::size_t i = 0; i <= Histogram::bounds_us.size(); ++i) {
                count += histogram->counts_[i].load(std::memory_order_relaxed);
                const std::string bound = i == Histogram::bounds_us.size()
                                              ? "+Inf"
                                              : number(static_cast<double>(Histogram::bounds_us[i]) / 1e6);
                line(out, name, "_bucket", before + "le=\"" + bound + '"', std::to_string(count));
            }
            line(out, name, "_sum", labels,
                 number(static_cast<double>(histogram->sum_us_.load(std::memory_order_relaxed)) / 1e6));
            line(out, name, "_count", labels, std::to_string(count));
        }
    }
    return out;
}

}  // namespace expplat::server::http
