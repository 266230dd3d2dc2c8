// `TraceContext`: the W3C's `traceparent`, by which a request's work in several programs is seen as one.
//
// Read from each request that has it; its trace id goes into the access log. Pure; safe on any bytes. Source: W3C Trace
// Context, level 1, 3.2: a version newer than ours is read by the parts that we know.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace expplat::server::http {

struct TraceContext {
    std::string trace_id;   // 32 hexadecimal digits in lower case, not all 0
    std::string parent_id;  // 16 of them, not all 0
    bool is_sampled = false;
};

/// Nothing where the field is not exactly what the standard writes: the request is then without a trace.
[[nodiscard]] std::optional<TraceContext> read_traceparent(std::string_view field);

}  // namespace expplat::server::http
