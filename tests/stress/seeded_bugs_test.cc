// Job: shows that the checks bite: with each of five bugs planted in the library, one at a time, some check reports it;
// with none, the same runs pass.
//
// A child is the oracle's program, linked with the test-only library; MEMGC_SEEDED_BUG names the live bug. A check's
// report is a line that starts with the check's name and an exit by abort. Threads: one; the children run in turn.
#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <ostream>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace memgc::testing {
namespace {

struct Outcome {
  int status = -1;
  std::string errors;

  bool passed() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
  // The first line in which a check (AddressSanitizer is one: dead cells are poisoned) says what it found; empty for
  // none.
  std::string report() const {
    static const std::regex pattern("(^|\n)((oracle|memgc|==[0-9]+==ERROR): [^\n]+)");
    std::smatch match;
    return std::regex_search(errors, match, pattern) ? match[2].str() : std::string();
  }
};

Outcome run_oracle_program(const char* bug, std::vector<std::string> arguments) {
  Outcome outcome;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return outcome;
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    for (const char* name : {"MEMGC", "MEMLIMIT", "MEMDEBUG", "MEMGC_SEEDED_BUG"}) unsetenv(name);
    if (bug != nullptr) setenv("MEMGC_SEEDED_BUG", bug, 1);
    std::vector<char*> argv{const_cast<char*>(MEMGC_TEST_ORACLE)};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv(MEMGC_TEST_ORACLE, argv.data());
    _exit(127);
  }
  close(ends[1]);
  std::array<char, 4096> buffer;
  for (ssize_t n; (n = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    outcome.errors.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(ends[0]);
  waitpid(child, &outcome.status, 0);
  return outcome;
}

struct Check {
  const char* name;
  std::vector<std::string> arguments;
};

// The oracle, whole, and by looking at objects alone; the library's own checks, which come first at every slow path.
// The seed is fixed; the threads' interleaving is not, and need not be.
const std::vector<Check>& checks() {
  static const std::vector<Check> all{
      {"oracle", {"--precise", "--threads=2", "--steps=30000"}},
      {"walk", {"--precise", "--threads=2", "--steps=30000", "--no-weighing"}},
      {"clobberfree",
       {"--precise", "--threads=2", "--steps=20000", "--no-weighing", "--debug=clobberfree=1,gcstress=20"}},
      {"gccheckmark",
       {"--precise", "--threads=2", "--steps=3000", "--no-weighing", "--debug=gccheckmark=1,gcstress=1"}},
  };
  return all;
}

struct Bug {
  friend std::ostream& operator<<(std::ostream& out, const Bug& bug) { return out << bug.name; }
  std::string name;
  std::vector<std::string> reported_by;  // at least
};

class SeededBug : public ::testing::TestWithParam<Bug> {};

TEST_P(SeededBug, IsReported) {
  std::vector<std::string> reporters;
  for (const Check& check : checks()) {
    Outcome outcome = run_oracle_program(GetParam().name.c_str(), check.arguments);
    // A corrupt heap may end the program before anybody looks: as the threads happen to run.
    for (int again = 0; again < 10 && !outcome.passed() && outcome.report().empty(); ++again) {
      outcome = run_oracle_program(GetParam().name.c_str(), check.arguments);
    }
    ASSERT_FALSE(WIFEXITED(outcome.status) && WEXITSTATUS(outcome.status) == 127) << "no program " << MEMGC_TEST_ORACLE;
    const std::string report = outcome.report();
    if (!outcome.passed() && !report.empty()) reporters.emplace_back(check.name);
    fmt::print("{:18} {:12} {}\n", GetParam().name, check.name,
               outcome.passed() ? "passes"
               : report.empty() ? "crashes, without a word"
                                : report);
  }
  for (const std::string& check : GetParam().reported_by) {
    EXPECT_NE(std::find(reporters.begin(), reporters.end(), check), reporters.end()) << check << " does not tell of it";
  }
}

INSTANTIATE_TEST_SUITE_P(Bugs, SeededBug,
                         ::testing::Values(Bug{"unscanned_field", {"oracle"}}, Bug{"skipped_root_range", {"oracle"}},
                                           Bug{"neighbour_mark", {"oracle", "gccheckmark"}},
                                           Bug{"double_handout", {"oracle", "walk"}},
                                           Bug{"swapped_bitmap", {"oracle"}}),
                         [](const auto& instance) { return instance.param.name; });

TEST(SeededBugs, TheSameRunsPassWithout) {
  for (const Check& check : checks()) {
    const Outcome outcome = run_oracle_program(nullptr, check.arguments);
    EXPECT_TRUE(outcome.passed()) << check.name << ": " << outcome.errors;
  }
}

// The switch itself: a name that is no bug is not taken for one that nobody finds.
TEST(SeededBugs, AnUnknownNameIsRefused) {
  EXPECT_NE(run_oracle_program("no_such_bug", checks().front().arguments).errors.find("no such bug"),
            std::string::npos);
}

}  // namespace
}  // namespace memgc::testing
