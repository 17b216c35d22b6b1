// Job: the answers: in full on a small index, and on random graphs against oracles that work on matrices of names.
#include "tools/pkggraph/queries.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <sstream>

#include "made_index.h"
#include "tools/pkggraph/check.h"
#include "tools/pkggraph/describe.h"
#include "tools/pkggraph/errors.h"

namespace pkggraph {
namespace {

class SmallIndex : public testing::Test {
 protected:
  MadeGraph made_{std::string(kSmallIndex)};
  Question question_{made_.me, made_.graph(), true};
};

TEST_F(SmallIndex, RdepsListsWhoDependsAndHow) {
  EXPECT_EQ(rdeps(question_, "lib-c", false).text,
            "app  Depends: lib-b | lib-c\n"
            "lib-d  Depends: lib-c\n"
            "2 dependencies on lib-c\n");
}

TEST_F(SmallIndex, RdepsSeesProvidersAndVersionsThatAreNotMet) {
  EXPECT_EQ(rdeps(question_, "exim", false).text,
            "app  Depends: mailer (as mailer)\n"
            "needs-mta  Depends: mta (<< 4) (as mta)\n"
            "needs-mta  Depends: mta (>= 2) (as mta)\n"
            "3 dependencies on exim\n");
  EXPECT_EQ(rdeps(question_, "lib-d", false).text,
            "lib-c  Depends: missing-thing | lib-d (<< 5) (not met by 5)\n"
            "1 dependencies on lib-d\n");
}

TEST_F(SmallIndex, RdepsOfVirtualAndMissingNames) {
  EXPECT_EQ(rdeps(question_, "mailer", false).text,
            "app  Depends: mailer\n"
            "needs-versioned-mailer  Depends: mailer (>= 1)\n"
            "2 dependencies on mailer\n");
  EXPECT_EQ(rdeps(question_, "missing-thing", false).text,
            "lib-c  Depends: missing-thing | lib-d (<< 5)\n"
            "1 dependencies on missing-thing\n");
}

TEST_F(SmallIndex, RdepsRecursiveGivesDistances) {
  EXPECT_EQ(rdeps(question_, "python-lib", true).text,
            "  1 python-minimal\n"
            "  2 python\n"
            "  3 app\n"
            "3 packages depend on python-lib, at most 3 links away\n");
  EXPECT_EQ(rdeps(question_, "needs-mta", true).text, "0 packages depend on needs-mta, at most 0 links away\n");
}

TEST_F(SmallIndex, WhyNamesEachLink) {
  EXPECT_EQ(why(question_, "app", "python-lib").text,
            "app 1.0-1\n"
            "  Depends: python:any (>= 3)\n"
            "python 3.11.2-1+b1\n"
            "  Depends: python-minimal (= 3.11.2-1+b1)\n"
            "python-minimal 3.11.2-1+b1\n"
            "  Depends: python-lib\n"
            "python-lib 3.11\n"
            "3 links from app to python-lib\n");
  EXPECT_EQ(why(question_, "app", "lib-c").text,
            "app 1.0-1\n"
            "  Depends: lib-b | lib-c (alternative 2 of 2)\n"
            "lib-c 0.9\n"
            "1 link from app to lib-c\n");
  EXPECT_EQ(why(question_, "app", "postfix").text,
            "app 1.0-1\n"
            "  Depends: mailer (mailer is provided)\n"
            "postfix 3.7\n"
            "1 link from app to postfix\n");
  EXPECT_EQ(why(question_, "app", "dpkg-like").text,
            "app 1.0-1\n"
            "  Pre-Depends: dpkg-like (>= 1.15.6~)\n"
            "dpkg-like 1.21.23\n"
            "1 link from app to dpkg-like\n");
}

TEST_F(SmallIndex, WhyEndsAtVirtualAndMissingNames) {
  EXPECT_EQ(why(question_, "app", "mailer").text,
            "app 1.0-1\n"
            "  Depends: mailer\n"
            "mailer (virtual, provided by exim, postfix)\n"
            "1 link from app to mailer\n");
  EXPECT_EQ(why(question_, "lib-d", "missing-thing").text,
            "lib-d 5\n"
            "  Depends: lib-c\n"
            "lib-c 0.9\n"
            "  Depends: missing-thing | lib-d (<< 5) (alternative 1 of 2)\n"
            "missing-thing (not in the index)\n"
            "2 links from lib-d to missing-thing\n");
}

TEST_F(SmallIndex, WhyDoesNotFollowWhatIsNotMet) {
  const Answer none = why(question_, "lib-c", "lib-d");  // only before version 5
  EXPECT_FALSE(none.found);
  EXPECT_EQ(none.text, "no chain of dependencies leads from lib-c to lib-d\n");
  EXPECT_FALSE(why(question_, "needs-versioned-mailer", "base").found);
  EXPECT_TRUE(why(question_, "base", "base").found);
}

TEST_F(SmallIndex, CyclesAreComponentsOfMoreThanOne) {
  EXPECT_EQ(cycles(question_, Follow::kAll, 0).text,
            "3 packages:\n"
            "    python python-lib python-minimal\n"
            "    circle: python -> python-minimal -> python-lib -> python\n"
            "2 packages:\n"
            "    editor editor-data\n"
            "    circle: editor -> editor-data -> editor\n"
            "2 groups of packages that depend on each other in a circle, 5 packages in all\n");
  EXPECT_THAT(cycles(question_, Follow::kAll, 1).text, testing::HasSubstr("(1 shown: --limit 0 shows all)"));
}

TEST_F(SmallIndex, LargestAloneAndWithAllTheyDependOn) {
  // app: dpkg-like, lib-a, lib-b (the first alternative), exim (the first provider), python with its two, base.
  EXPECT_EQ(largest(question_, 2).text,
            "by Installed-Size:\n"
            "       MiB  package\n"
            "       1.0  lib-c 0.9\n"
            "       0.4  python 3.11.2-1+b1\n"
            "with all that they depend on, first choices:\n"
            "       MiB  packages  package\n"
            "       1.3         9  app 1.0-1\n"
            "       1.0         3  lib-d 5\n");
  EXPECT_THAT(largest(question_, 1000).text, testing::HasSubstr("needs-versioned-mailer"));
}

TEST_F(SmallIndex, SummaryCounts) {
  const std::string text = summary(question_).text;
  EXPECT_THAT(text, testing::HasSubstr("names: 20 (16 packages, 3 virtual, 1 that are only mentioned)\n"));
  EXPECT_THAT(
      text,
      testing::HasSubstr(
          "dependencies: 21 (1 Pre-Depends, 20 Depends, 0 Recommends; 2 with alternatives, 2 that nothing meets)\n"));
}

std::string complaint_of(const std::function<void()>& ask) {
  try {
    ask();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST_F(SmallIndex, UnknownNamesGetSuggestions) {
  EXPECT_EQ(complaint_of([&] { rdeps(question_, "pyhton", false); }),
            "no package is called \"pyhton\"; did you mean python?");
  EXPECT_EQ(complaint_of([&] { rdeps(question_, "lib-e", false); }),
            "no package is called \"lib-e\"; did you mean lib-a, lib-b, lib-c, lib-d?");
  EXPECT_EQ(complaint_of([&] { why(question_, "app", "pyth"); }),
            "no package is called \"pyth\"; did you mean python, python-lib, python-minimal?");
  EXPECT_EQ(complaint_of([&] { why(question_, "quite-different", "app"); }),
            "no package is called \"quite-different\"");
  EXPECT_EQ(complaint_of([&] { why(question_, "mailer", "app"); }),
            "mailer is a virtual package: ask for one that provides it (exim, postfix)");
  EXPECT_EQ(complaint_of([&] { why(question_, "missing-thing", "app"); }),
            "missing-thing is not in the index: other packages only mention it");
}

// --- Random graphs against oracles ---

// A matrix of who may need whom, from the clauses, by names: no reverse edges, numbers or candidates involved.
using Matrix = std::vector<std::vector<bool>>;

std::string random_index(std::mt19937& random, int packages) {
  std::string out;
  for (int i = 0; i < packages; ++i) {
    out += fmt::format("Package: n{:02}\nVersion: {}\nInstalled-Size: {}\n", i, 1 + random() % 3, random() % 100);
    std::string depends;
    for (std::size_t count = random() % 3; count > 0; --count) {
      depends += fmt::format("{}{}{:02}{}",
                             depends.empty()     ? ""
                             : random() % 3 == 0 ? " | "
                                                 : ", ",
                             random() % 5 == 0 ? "v" : "n", random() % static_cast<unsigned>(packages),
                             random() % 4 == 0 ? " (>= 2)" : "");
    }
    if (!depends.empty()) out += "Depends: " + depends + "\n";
    if (random() % 4 == 0) {
      out += fmt::format("Provides: v{:02}{}\n", random() % static_cast<unsigned>(packages),
                         random() % 2 == 0 ? " (= 2)" : "");
    }
    out += "\n";
  }
  return out;
}

// Reads the text again in the plainest way: fields by getline, clauses by splitting at commas and bars.
struct Oracle {
  struct Entry {
    int version = 0;
    std::vector<std::pair<std::string, bool>> depends;  // a name, and whether at least version 2 is wanted
    std::map<std::string, bool> provides;               // a name, and whether as version 2
  };

  explicit Oracle(const std::string& index) {
    std::istringstream lines(index);
    for (std::string line; std::getline(lines, line);) {
      const std::string value = line.empty() ? "" : line.substr(line.find(':') + 2);
      if (line.starts_with("Package")) {
        entries.emplace_back();
        names.push_back(value);
      }
      if (line.starts_with("Version")) entries.back().version = std::stoi(value);
      for (std::size_t at = 0; (line.starts_with("Depends") || line.starts_with("Provides")) && at < value.size();) {
        std::size_t end = value.find_first_of(",|", at);
        if (end == std::string::npos) end = value.size();
        const std::string item = value.substr(at, end - at);
        const std::string name = item.substr(item.find_first_not_of(' '), 3);
        if (line.starts_with("Depends")) entries.back().depends.emplace_back(name, item.find('(') != std::string::npos);
        if (line.starts_with("Provides")) entries.back().provides[name] = item.find('(') != std::string::npos;
        at = end + 1;
      }
    }
    const std::size_t count = entries.size();
    needs.assign(count, std::vector<bool>(count));
    distance.assign(count, std::vector<int>(count, 1000));
    for (std::size_t i = 0; i < count; ++i) {
      for (const auto& [name, versioned] : entries[i].depends) {
        for (std::size_t j = 0; j < count; ++j) {
          const bool direct = names[j] == name && (!versioned || entries[j].version >= 2);
          const auto provided = entries[j].provides.find(name);
          const bool by_provision = provided != entries[j].provides.end() && (!versioned || provided->second);
          if (direct || by_provision) needs[i][j] = true;
        }
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < count; ++j) distance[i][j] = i == j ? 0 : needs[i][j] ? 1 : 1000;
    }
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < count; ++j)
          distance[i][j] = std::min(distance[i][j], distance[i][k] + distance[k][j]);
      }
    }
  }

  std::vector<Entry> entries;
  std::vector<std::string> names;
  Matrix needs;
  std::vector<std::vector<int>> distance;
};

class RandomGraph : public testing::TestWithParam<unsigned> {
 protected:
  RandomGraph() : random_(GetParam()), index_(random_index(random_, 40)), oracle_(index_), made_(index_) {}

  std::mt19937 random_;
  std::string index_;
  Oracle oracle_;
  MadeGraph made_;
  Question question_{made_.me, made_.graph(), true};
};

TEST_P(RandomGraph, WhyFindsChainsOfTheRightLength) {
  for (std::size_t i = 0; i < oracle_.names.size(); ++i) {
    for (std::size_t j = 0; j < oracle_.names.size(); ++j) {
      if (i == j) continue;
      const Answer answer = why(question_, oracle_.names[i], oracle_.names[j]);
      const int expected = oracle_.distance[i][j];
      ASSERT_EQ(answer.found, expected < 1000) << answer.text << "seed " << GetParam();
      if (!answer.found) continue;
      EXPECT_THAT(answer.text, testing::HasSubstr(fmt::format("\n{} link", expected))) << "seed " << GetParam();
    }
  }
}

TEST_P(RandomGraph, RdepsRecursiveAgreesWithDistances) {
  for (std::size_t target = 0; target < oracle_.names.size(); ++target) {
    std::set<std::string> expected;
    for (std::size_t i = 0; i < oracle_.names.size(); ++i) {
      const int distance = oracle_.distance[i][target];
      if (i != target && distance < 1000) expected.insert(fmt::format("{:3} {}", distance, oracle_.names[i]));
    }
    std::set<std::string> got;
    std::istringstream lines(rdeps(question_, oracle_.names[target], true).text);
    for (std::string line; std::getline(lines, line);) {
      if (line.find("packages depend on") == std::string::npos) got.insert(line);
    }
    EXPECT_EQ(got, expected) << oracle_.names[target] << ", seed " << GetParam();
  }
}

TEST_P(RandomGraph, CyclesAreWhatReachesEachOther) {
  std::set<std::string> expected;
  for (std::size_t i = 0; i < oracle_.names.size(); ++i) {
    std::string members;
    for (std::size_t j = 0; j < oracle_.names.size(); ++j) {
      if (oracle_.distance[i][j] < 1000 && oracle_.distance[j][i] < 1000) members += " " + oracle_.names[j];
    }
    if (members.size() > 4) expected.insert(members);
  }
  std::set<std::string> got;
  std::string members;
  std::istringstream lines(cycles(question_, Follow::kAll, 0).text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("    n")) members += line.substr(3);
    if (line.starts_with("    circle:")) got.insert(std::exchange(members, ""));
  }
  EXPECT_EQ(got, expected) << "seed " << GetParam();
}

TEST_P(RandomGraph, AnswersDoNotDependOnTheOrderOfTheIndex) {
  std::vector<std::string> stanzas;
  for (std::size_t at = 0, end = 0; (end = index_.find("\n\n", at)) != std::string::npos; at = end + 2) {
    stanzas.push_back(index_.substr(at, end + 2 - at));
  }
  std::shuffle(stanzas.begin(), stanzas.end(), random_);
  std::string shuffled;
  for (const std::string& stanza : stanzas) shuffled += stanza;
  GraphStore other(made_.store.options());
  StanzaReader reader("index", read_from(shuffled));
  other.load(made_.me, reader);
  const Question asked_again{made_.me, other.graph(), true};
  EXPECT_EQ(summary(question_).text, summary(asked_again).text);
  EXPECT_EQ(largest(question_, 40).text, largest(asked_again, 40).text);
  EXPECT_EQ(cycles(question_, Follow::kFirst, 0).text, cycles(asked_again, Follow::kFirst, 0).text);
  for (const std::string& from : oracle_.names) {
    EXPECT_EQ(rdeps(question_, from, false).text, rdeps(asked_again, from, false).text);
    for (const std::string& to : oracle_.names)
      EXPECT_EQ(why(question_, from, to).text, why(asked_again, from, to).text);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraph, testing::Values(11U, 12U, 13U, 14U));

// A chain as long as a recursive search could not follow on a common stack.
TEST(LongChain, NeedsNoDeepStack) {
  constexpr int kLength = 200000;
  std::string index;
  for (int i = 0; i < kLength; ++i) {
    index += fmt::format("Package: n{}\nVersion: 1\nDepends: n{}\n\n", i, (i + 1) % kLength);
  }
  MadeGraph made(index);
  const Question question{made.me, made.graph(), true};
  EXPECT_THAT(
      cycles(question, Follow::kAll, 0).text,
      testing::HasSubstr("1 groups of packages that depend on each other in a circle, 200000 packages in all\n"));
  EXPECT_THAT(why(question, "n0", "n199999").text, testing::HasSubstr("199999 links from n0 to n199999\n"));
}

TEST(ComponentsCheck, RefusesWrongComponents) {
  MadeGraph made(
      "Package: a\nVersion: 1\nDepends: b\n\nPackage: b\nVersion: 1\nDepends: a\n\nPackage: c\nVersion: 1\nDepends: "
      "a\n");
  const PackageArray& ordered = *order_packages(made.me, made.graph());
  const Adjacency& adjacency = *make_adjacency(made.me, ordered, Follow::kAll);
  const Adjacency& reverse = *reversed(made.me, adjacency);
  Components& components = *strongly_connected(made.me, adjacency);
  ASSERT_NO_THROW(check_components(made.me, adjacency, reverse, components));
  const auto with = [&](std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t count) {
    (*components.of)[0] = a;
    (*components.of)[1] = b;
    (*components.of)[2] = c;
    components.count = count;
    check_components(made.me, adjacency, reverse, components);
  };
  EXPECT_THROW(with(0, 1, 2, 3), CheckFailed);  // too small
  EXPECT_THROW(with(0, 0, 0, 1), CheckFailed);  // too large
  EXPECT_THROW(with(1, 1, 0, 2), CheckFailed);  // in the wrong order
  EXPECT_THROW(with(0, 0, 2, 3), CheckFailed);  // with an empty one
  EXPECT_NO_THROW(with(0, 0, 1, 2));
}

}  // namespace
}  // namespace pkggraph
