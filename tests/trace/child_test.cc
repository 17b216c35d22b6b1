#include "child.h"

#include <gtest/gtest.h>

namespace memgc::trace {
namespace {

TEST(TraceChild, TheTraceIsTurnedOnAndWhatIsThereStays) {
  EXPECT_EQ(with_gctrace(""), "gctrace=1");
  EXPECT_EQ(with_gctrace("gcstress=3"), "gcstress=3,gctrace=1");
  EXPECT_EQ(with_gctrace("gctrace=0,gcstress=3"), "gcstress=3,gctrace=1");
  EXPECT_EQ(with_gctrace("gctrace=json,a=1"), "gctrace=json,a=1");
  EXPECT_EQ(with_gctrace("gctrace=2"), "gctrace=2");
}

TEST(TraceChild, ItsErrorOutputIsSeenAndItsStatusIsKept) {
  std::string seen;
  const auto keep = [&](std::string_view bytes) { seen += bytes; };
  EXPECT_EQ(run_child({"sh", "-c", "echo $MEMDEBUG $GODEBUG >&2; exit 7"}, keep), 7);
  EXPECT_EQ(seen, "gctrace=1 gctrace=1\n");
  EXPECT_EQ(run_child({"sh", "-c", "kill -TERM $$"}, keep), 128 + 15);
}

TEST(TraceChild, WhatItLeavesRunningDoesNotHoldUsUp) {
  std::string seen;
  EXPECT_EQ(run_child({"sh", "-c", "sleep 1000 & echo $! >&2"}, [&](std::string_view bytes) { seen += bytes; }), 0);
  EXPECT_FALSE(seen.empty());
  EXPECT_EQ(run_child({"kill", seen.substr(0, seen.size() - 1)}, [](std::string_view) {}), 0);
}

}  // namespace
}  // namespace memgc::trace
