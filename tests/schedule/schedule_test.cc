// Job: many seeds of the scheduled world agree with its model; a seed is the same run each time; and with a bug planted
// in the protocol, some seed among as many fails and fails again when it is replayed.
//
// A child is the program `schedule`, linked with the test-only library; MEMGC_SEEDED_BUG names the live bug.
// Threads: one; the children run in turn.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <regex>
#include <string>

namespace memgc::testing {
namespace {

// In all parts of the quick suite together; under sanitizers, which slow a step down, fewer.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kQuickSeeds = 1000;
#elif defined(__has_feature)
constexpr std::uint64_t kQuickSeeds = __has_feature(address_sanitizer) ? 1000 : 20'000;
#else
constexpr std::uint64_t kQuickSeeds = 20'000;
#endif
constexpr std::uint64_t kParts = 4;

struct Outcome {
  int status = -1;
  std::string output;

  bool passed() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
};

Outcome schedule(const std::string& arguments, const std::string& bug = "") {
  Outcome outcome;
  const std::string command = fmt::format("unset MEMGC_SEEDED_BUG; {} exec {} {} 2>&1",
                                          bug.empty() ? "" : "MEMGC_SEEDED_BUG=" + bug, MEMGC_TEST_SCHEDULE, arguments);
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) outcome.output.append(buffer, n);
  outcome.status = ::pclose(pipe);
  return outcome;
}

// Which are another process's.
std::string without_addresses(const std::string& text) {
  return std::regex_replace(text, std::regex("0x[0-9a-f]+"), "0x");
}

void expect_seeds_agree(std::uint64_t first, std::uint64_t count) {
  const Outcome outcome = schedule(fmt::format("--first {} --seeds {}", first, count));
  EXPECT_TRUE(outcome.passed()) << outcome.output;
  fmt::print("{}", outcome.output);
}

class Quick : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Quick, SeedsAgreeWithTheModel) {
  constexpr std::uint64_t kEach = kQuickSeeds / kParts;
  expect_seeds_agree(1 + GetParam() * kEach, kEach);
}

INSTANTIATE_TEST_SUITE_P(Part, Quick, ::testing::Range(std::uint64_t{0}, kParts));

// A million; in ctest's suite `long` alone.
TEST(Long, SeedsAgreeWithTheModel) { expect_seeds_agree(1'000'000, 1'000'000); }

TEST(Replay, ASeedIsTheSameRunEachTime) {
  const Outcome first = schedule("--first 100 --seeds 50 --hashes"),
                second = schedule("--first 100 --seeds 50 --hashes");
  ASSERT_TRUE(first.passed()) << first.output;
  EXPECT_EQ(first.output, second.output);
  // And alone: nothing of the seeds before is left.
  for (const int at : {0, 17, 49}) {
    const std::string hash = first.output.substr(static_cast<std::size_t>(at) * 17, 17);
    EXPECT_EQ(schedule(fmt::format("--seed {}", 100 + at)).output, hash);
  }
}

TEST(Replay, TwoSeedsAreTwoRuns) { EXPECT_NE(schedule("--seed 1").output, schedule("--seed 2").output); }

class Bites : public ::testing::TestWithParam<const char*> {};

TEST_P(Bites, SomeSeedFailsAndFailsAgain) {
  if (kQuickSeeds < 20'000) GTEST_SKIP() << "shown where seeds are cheap";
  // The first that fails ends it; the rarest want ten times what the suite has.
  const Outcome outcome = schedule(fmt::format("--seeds {}", 10 * kQuickSeeds), GetParam());
  EXPECT_FALSE(outcome.passed()) << "no seed tells of it: " << outcome.output;
  fmt::print("{}: {}", GetParam(), outcome.output);
  static const std::regex pattern("again with (--seed [0-9]+)\n");
  std::smatch replay;
  ASSERT_TRUE(std::regex_search(outcome.output, replay, pattern)) << outcome.output;
  const Outcome again = schedule(replay[1], GetParam());
  EXPECT_EQ(without_addresses(again.output), without_addresses(outcome.output));
  EXPECT_TRUE(schedule(replay[1]).passed()) << "it fails without the bug";
}

INSTANTIATE_TEST_SUITE_P(Bugs, Bites,
                         ::testing::Values("unscanned_field", "skipped_root_range", "neighbour_mark", "double_handout",
                                           "swapped_bitmap", "new_cell_white", "old_value_unshaded",
                                           "weak_read_unshaded", "attaches_without_barrier", "grey_lost_at_detach",
                                           "fence_skipped", "new_value_unshaded", "outside_store_unshaded",
                                           "questions_left"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(CommandLine, SaysWhatItWants) {
  EXPECT_FALSE(schedule("--seeds 0").passed());
  EXPECT_FALSE(schedule("--seeds some").passed());
  EXPECT_FALSE(schedule("--steps").passed()) << "steps of which seed?";
}

}  // namespace
}  // namespace memgc::testing
