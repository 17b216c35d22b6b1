// Job: the order of Debian versions: by a table that covers each rule, and against dpkg itself where it is installed.
#include "tools/pkggraph/version.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

extern char** environ;

namespace pkggraph {
namespace {

// Ascending; each is earlier than all that follow.
const std::vector<std::string> kAscending = {
    "0~~",     "0~~a",
    "0~",      "0",
    "0a",      "0+",
    "0.0",     "1~rc1-1",
    "1~rc1-2", "1",
    "1-1",     "1-1+b1",
    "1-1.1",   "1-2",
    "1-10",    "1.0~beta1",
    "1.0",     "1.0a",
    "1.0.1",   "1.9",
    "1.10",    "1.99999999999999999999",
    "2",       "2.0-1-1",
    "10",      "a",
    "b",       "1:0~",
    "1:0",     "1:2",
    "02:1",    "10:1",
};

int sign(int value) { return (value > 0) - (value < 0); }

TEST(Version, IsOrderedAsPolicySays) {
  for (std::size_t i = 0; i < kAscending.size(); ++i) {
    for (std::size_t j = 0; j < kAscending.size(); ++j) {
      EXPECT_EQ(sign(compare_versions(kAscending[i], kAscending[j])), i < j   ? -1
                                                                      : i > j ? 1
                                                                              : 0)
          << kAscending[i] << " and " << kAscending[j];
    }
  }
}

TEST(Version, EqualDoesNotMeanTheSameText) {
  EXPECT_EQ(compare_versions("1.0", "0:1.0"), 0);
  EXPECT_EQ(compare_versions("1.0", "1.0-0"), 0);
  EXPECT_EQ(compare_versions("1.0", "1.00"), 0);
  EXPECT_EQ(compare_versions("1.001-1", "1.1-01"), 0);
}

TEST(Version, RelationsHoldAtTheirBounds) {
  EXPECT_TRUE(relation_holds("1", Relation::kAny, ""));
  EXPECT_TRUE(relation_holds("1~", Relation::kEarlier, "1"));
  EXPECT_FALSE(relation_holds("1", Relation::kEarlier, "1"));
  EXPECT_TRUE(relation_holds("1", Relation::kEarlierEqual, "1"));
  EXPECT_FALSE(relation_holds("1.1", Relation::kEarlierEqual, "1"));
  EXPECT_TRUE(relation_holds("1-0", Relation::kEqual, "1"));
  EXPECT_FALSE(relation_holds("1-1", Relation::kEqual, "1"));
  EXPECT_TRUE(relation_holds("1", Relation::kLaterEqual, "1"));
  EXPECT_FALSE(relation_holds("1~rc1", Relation::kLaterEqual, "1"));
  EXPECT_TRUE(relation_holds("1.1", Relation::kLater, "1"));
  EXPECT_FALSE(relation_holds("1", Relation::kLater, "1"));
}

TEST(Version, MalformedOnesAreNamed) {
  EXPECT_EQ(version_problem("1:2.3~rc1+dfsg-4.1+b2"), "");
  EXPECT_EQ(version_problem("cvs-20010101"), "");  // dpkg warns, and takes it
  for (const char* bad : {"", "1 2", "1_2", "x:1", ":1", "1:", "1:-1", "1\xc3\xa9"}) {
    EXPECT_NE(version_problem(bad), "") << "\"" << bad << "\"";
  }
}

// dpkg's answer to `a relation b`: 0 yes, 1 no, anything else: it could not be asked.
int ask_dpkg(std::string a, std::string relation, std::string b) {
  std::string words[] = {"dpkg", "--compare-versions", std::move(a), std::move(relation), std::move(b)};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, "dpkg", nullptr, nullptr, arguments, environ) != 0) return -1;
  int status = 0;
  if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

std::string random_version(std::mt19937& random) {
  static constexpr std::string_view kCharacters = "001129ab.+~~-";
  std::string out = random() % 4 == 0 ? std::to_string(random() % 3) + ":" : "";
  out += std::to_string(random() % 3);
  for (std::size_t length = random() % 6; length > 0; --length) out += kCharacters[random() % kCharacters.size()];
  return out.ends_with('-') ? out + "1" : out;
}

TEST(Version, AgreesWithDpkgOnRandomOnes) {
  if (ask_dpkg("1", "eq", "1") != 0) GTEST_SKIP() << "dpkg is not installed";
  const unsigned seed = 20240601;
  std::mt19937 random(seed);
  for (int i = 0; i < 250; ++i) {
    const std::string a = random_version(random);
    const std::string b = random_version(random);
    const int order = compare_versions(a, b);
    EXPECT_EQ(ask_dpkg(a,
                       order < 0   ? "lt"
                       : order > 0 ? "gt"
                                   : "eq",
                       b),
              0)
        << a << " and " << b << ": " << order << "; seed " << seed;
  }
}

}  // namespace
}  // namespace pkggraph
