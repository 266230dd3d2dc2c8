// `traceparent`, as strictly as the W3C has it.
#include "server/http/trace_context.hpp"

#include <gtest/gtest.h>

#include <string>

namespace expplat::server::http {
namespace {

const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, IsReadFromWhatTheStandardWrites) {
    const auto context = read_traceparent(good);
    ASSERT_TRUE(context);
    EXPECT_EQ(context->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(context->parent_id, "00f067aa0ba902b7");
    EXPECT_TRUE(context->is_sampled);
    EXPECT_FALSE(read_traceparent(good.substr(0, 53) + "00")->is_sampled);
    EXPECT_TRUE(read_traceparent(good.substr(0, 53) + "ff")->is_sampled);
    EXPECT_FALSE(read_traceparent(good.substr(0, 53) + "0e")->is_sampled);
    EXPECT_TRUE(read_traceparent("cc" + good.substr(2))) << "a version to come";
    EXPECT_TRUE(read_traceparent("cc" + good.substr(2) + "-what-it-adds"));
}

TEST(TraceContext, IsNothingElse) {
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(read_traceparent(good.substr(0, size))) << size;
    for (const std::string& field : std::initializer_list<std::string>{
             good + "-x", good + " ", ' ' + good, "ff" + good.substr(2), "cc" + good.substr(2) + "x",
             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0G",
             "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
        EXPECT_FALSE(read_traceparent(field)) << field;
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string changed = good;
        changed[at] = '_';
        EXPECT_FALSE(read_traceparent(changed)) << at;
    }
}

}  // namespace
}  // namespace expplat::server::http
