// LeakListener: a GoogleTest listener after which a test fails that has left something behind (leaks.h says what).
//
//   int main(int argc, char** argv) {
//     testing::InitGoogleTest(&argc, argv);
//     testing::UnitTest::GetInstance()->listeners().Append(new memgc::LeakListener);
//     return RUN_ALL_TESTS();
//   }
//
// Run with MEMDEBUG=types=1,profilerate=1 it names each type, and each call stack that made what was left. Header-only,
// so that the library does not link GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>

#include "memgc/observe/leaks.h"

namespace memgc {

/// Takes stock when a test begins, before its fixture is made, and again when that has gone. Tests that have failed or
/// were skipped are not looked at: what they left says nothing.
class LeakListener : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo&) override { before_ = leak_baseline(); }

  void OnTestEnd(const testing::TestInfo& test) override {
    if (!test.result()->Passed()) return;
    const LeakReport report = find_leaks(before_);
    if (!report.empty()) {
      ADD_FAILURE_AT(test.file(), test.line()) << "the test has left behind:\n" << report.text();
    } else if (const std::string notes = report.text(); !notes.empty()) {
      std::printf("%s", notes.c_str());
    }
  }

 private:
  LeakBaseline before_;
};

}  // namespace memgc
