// Job: the graph itself: what becomes of it under inserts and removals, against a model in std::map, and that its check
// sees each way in which it can be broken.
#include "tools/pkggraph/graph.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "made_index.h"
#include "tools/pkggraph/check.h"
#include "tools/pkggraph/errors.h"
#include "tools/pkggraph/name_table.h"

namespace pkggraph {
namespace {

Stanza stanza_of(const std::string& text) {
  StanzaReader reader("index", read_from(text));
  Stanza stanza;
  reader.next(stanza);
  return stanza;
}

std::set<std::string> names_in(const Graph& graph) {
  std::set<std::string> out;
  for (const Name* name : *graph.table->slots) {
    if (name != nullptr) out.emplace(name->view());
  }
  return out;
}

TEST(Graph, HoldsWhatTheIndexSays) {
  MadeGraph made{std::string(kSmallIndex)};
  check_graph(made.me, made.graph());
  EXPECT_EQ(made.graph().packages, 16U);
  EXPECT_EQ(made.graph().provisions, 4U);
  const Package* app = find_package(made.graph(), "app");
  ASSERT_NE(app, nullptr);
  ASSERT_EQ(app->clauses->size(), 5U);  // one Pre-Depends, four Depends
  EXPECT_EQ((*app->clauses)[0]->kind, Kind::kPreDepends);
  EXPECT_EQ((*app->clauses)[2]->alternatives->size(), 2U);
  EXPECT_EQ(view((*(*app->clauses)[4]->alternatives)[0]->qualifier), "any");
  EXPECT_EQ(view(app->summary), "the program");
  EXPECT_EQ(find_name(made.graph(), "mailer")->package.get(), nullptr);
  EXPECT_NE(find_name(made.graph(), "missing-thing"), nullptr);
  EXPECT_EQ(find_name(made.graph(), "nobody-mentions-this"), nullptr);
}

TEST(Graph, RecommendsAreEdgesOnlyWhenAskedFor) {
  MadeGraph without{std::string(kSmallIndex)};
  EXPECT_EQ(find_package(without.graph(), "app")->clauses->size(), 5U);
}

TEST(Graph, RecommendsAreEdgesWhenAskedFor) {
  MadeGraph with(std::string(kSmallIndex), {}, true);
  const auto& clauses = *find_package(with.graph(), "app")->clauses;
  ASSERT_EQ(clauses.size(), 6U);
  EXPECT_EQ(clauses[5]->kind, Kind::kRecommends);
}

TEST(Graph, TheLaterVersionOfAPackageStays) {
  const std::string old_one = "Package: a\nVersion: 1.9\nDepends: only-old\n\n";
  const std::string new_one = "Package: a\nVersion: 1.10\nDepends: only-new\n\n";
  for (const std::string& index : {old_one + new_one, new_one + old_one, fmt::format("{0}{0}{1}", new_one, old_one)}) {
    MadeGraph made(index);
    check_graph(made.me, made.graph());
    EXPECT_EQ(find_package(made.graph(), "a")->version_view(), "1.10");
    EXPECT_EQ(names_in(made.graph()), (std::set<std::string>{"a", "only-new"}));
    EXPECT_EQ(made.report.superseded, made.report.stanzas - 1);
  }
}

TEST(Graph, RemainsOfRemovedPackagesAreLeftOut) {
  MadeGraph made(
      "Package: a\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: b\nStatus: install ok installed\nVersion: "
      "1\n");
  EXPECT_EQ(names_in(made.graph()), (std::set<std::string>{"b"}));
  EXPECT_EQ(made.report.not_installed, 1U);
}

TEST(Graph, APackageThatMentionsItselfAndItsNeighboursTwiceLeavesNothingBehind) {
  MadeGraph made("Package: a\nVersion: 1\nDepends: a, b | b, c\nPre-Depends: b\nProvides: a (= 2), c, c\n");
  check_graph(made.me, made.graph());
  made.store.remove(made.me, find_package(made.graph(), "a"));
  check_graph(made.me, made.graph());
  EXPECT_TRUE(names_in(made.graph()).empty());
  EXPECT_EQ(made.graph().edges, 0U);
}

TEST(Graph, VersionedDependenciesAreMetByVersionedProvisionsOnly) {
  MadeGraph made{std::string(kSmallIndex)};
  order_packages(made.me, made.graph());
  const auto met_by = [&](const char* package, std::size_t clause) {
    const Package* chosen = preferred_candidate(*(*find_package(made.graph(), package)->clauses)[clause]);
    return chosen == nullptr ? std::string("nobody") : std::string(chosen->name_view());
  };
  EXPECT_EQ(met_by("needs-mta", 0), "exim");
  EXPECT_EQ(met_by("needs-mta", 1), "exim");
  EXPECT_EQ(met_by("needs-versioned-mailer", 0), "nobody");
  EXPECT_EQ(met_by("app", 1), "lib-a");     // 1:2.0~rc1 is later than 2.0
  EXPECT_EQ(met_by("app", 3), "exim");      // the first provider by name
  EXPECT_EQ(met_by("lib-c", 1), "nobody");  // missing, or lib-d before 5, which is 5
}

// A random stanza over a few names, so that they are often shared.
std::string random_stanza(std::mt19937& random, int name) {
  const auto pick = [&] { return fmt::format("n{}", random() % 40); };
  const char* const relations[] = {"", " (>= 3)", " (<< 5)", " (= 4)"};
  std::string depends;
  for (std::size_t i = random() % 6; i > 0; --i) {
    depends += (depends.empty() ? "" : ", ") + pick() + relations[random() % 4];
    if (random() % 3 == 0) depends += " | " + pick();
  }
  std::string text = fmt::format("Package: n{}\nVersion: {}\n", name, random() % 9);
  if (!depends.empty()) text += "Depends: " + depends + "\n";
  if (random() % 3 == 0) text += fmt::format("Provides: {}, {} (= 4)\n", pick(), pick());
  return text;
}

// Which names a graph must have after some inserts and removals, from the stanzas alone.
std::set<std::string> mentioned_in(const std::map<int, Stanza>& model) {
  std::set<std::string> out;
  Dependencies parsed;
  for (const auto& [name, stanza] : model) {
    out.insert(stanza.package.text);
    parse_dependencies(stanza.depends, "index", parsed);
    for (const Alternative& alternative : parsed.alternatives) out.emplace(alternative.name);
    parse_provides(stanza.provides, "index", parsed);
    for (const Alternative& alternative : parsed.alternatives) out.emplace(alternative.name);
  }
  return out;
}

class GraphModel : public testing::TestWithParam<unsigned> {};

TEST_P(GraphModel, RandomInsertsAndRemovalsAgreeWithAMap) {
  SCOPED_TRACE(fmt::format("seed {}", GetParam()));
  std::mt19937 random(GetParam());
  MadeGraph made("");
  PackageBuilder builder(made.store.options());
  std::map<int, Stanza> model;
  std::string fresh_index;
  for (int step = 0; step < 1500; ++step) {
    const int name = static_cast<int>(random() % 30);
    if (model.contains(name)) {
      made.store.remove(made.me, find_package(made.graph(), fmt::format("n{}", name)));
      model.erase(name);
    } else {
      model[name] = stanza_of(random_stanza(random, name));
      ASSERT_NE(made.store.insert(made.me, builder, model[name], "index"), nullptr);
    }
    if (step % 50 == 0) made.heap.collect();
    ASSERT_NO_THROW(check_graph(made.me, made.graph())) << "step " << step;
    ASSERT_EQ(names_in(made.graph()), mentioned_in(model)) << "step " << step;
  }
  // Insertion order must not matter: the same stanzas put in by number say the same.
  GraphStore fresh(made.store.options());
  for (const auto& [name, stanza] : model) fresh.insert(made.me, builder, stanza, "index");
  EXPECT_EQ(digest(made.me, made.graph()), digest(made.me, fresh.graph()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, GraphModel, testing::Values(1U, 2U, 3U));

TEST(Graph, TheTableFindsEveryNameThroughGrowthAndErasure) {
  MadeGraph made("");
  auto* table = make_name_table();
  const memgc::Root<NameTable> keep(table);
  std::map<std::string, bool> model;
  std::mt19937 random(7);
  for (int step = 0; step < 20000; ++step) {
    const std::string text = fmt::format("name-{}", random() % 3000);
    Name* known = find_name(*table, text, hash_of(text));
    ASSERT_EQ(known != nullptr, model[text]) << text;
    if (known != nullptr) {
      erase_name(*table, known);
    } else {
      auto* name = memgc::make<Name>();
      name->text = make_text(text);
      name->hash = hash_of(text);
      insert_name(*table, name);
    }
    model[text] = !model[text];
  }
  std::uint64_t expected = 0;
  for (const auto& [text, there] : model) {
    ASSERT_EQ(find_name(*table, text, hash_of(text)) != nullptr, there) << text;
    expected += there;
  }
  EXPECT_EQ(table->used, expected);
}

TEST(Graph, DigestSeesEverythingThatAnIndexSays) {
  const std::string base =
      "Package: a\nVersion: 1\nArchitecture: all\nInstalled-Size: 5\nDepends: b (>= 1) | c, d\nProvides: "
      "e\nDescription: x\n";
  std::set<std::uint64_t> digests;
  const std::pair<const char*, const char*> changes[] = {
      {"", ""},
      {"Package: a", "Package: z"},
      {"Version: 1", "Version: 2"},
      {"all", "amd64"},
      {"Size: 5", "Size: 6"},
      {"b (", "f ("},
      {">= 1", ">= 2"},
      {">= 1", ">> 1"},
      {"b (>= 1) | c, d", "b (>= 1), c | d"},
      {"b (>= 1) | c, d", "c | b (>= 1), d"},
      {"d\n", "d:any\n"},
      {"Depends", "Pre-Depends"},
      {"e\n", "g\n"},
      {"e\n", "e (= 1)\n"},
      {"Description: x", "Description: y"},
  };
  for (const auto& [from, to] : changes) {
    std::string text = base;
    if (*from != '\0') text.replace(text.find(from), std::string_view(from).size(), to);
    MadeGraph made(text);
    EXPECT_TRUE(digests.insert(digest(made.me, made.graph())).second) << text;
  }
}

// Each breaks the graph in one way; the check must see it.
struct Damage {
  const char* name;
  void (*inflict)(MadeGraph& made);
};

Edge* an_edge(const MadeGraph& made) { return (*(*find_package(made.graph(), "lib-a")->clauses)[0]->alternatives)[0]; }

const Damage kDamages[] = {
    {"EdgeWithoutReverse",
     [](MadeGraph& made) {
       Name* base = find_name(made.graph(), "base");
       base->incoming = base->incoming->next.get();
       base->incoming->previous = nullptr;
     }},
    {"ReverseLinksDisagree",
     [](MadeGraph& made) { find_name(made.graph(), "base")->incoming->next->previous = nullptr; }},
    {"EdgeToAnotherName", [](MadeGraph& made) { an_edge(made)->target = find_name(made.graph(), "editor"); }},
    {"EdgeOfAnotherClause",
     [](MadeGraph& made) { an_edge(made)->clause = (*find_package(made.graph(), "lib-b")->clauses)[0].get(); }},
    {"ClauseOfAnotherPackage",
     [](MadeGraph& made) {
       (*find_package(made.graph(), "lib-a")->clauses)[0]->owner = find_package(made.graph(), "lib-b");
     }},
    {"PackageDroppedWithItsEdgesLeft", [](MadeGraph& made) { find_name(made.graph(), "lib-b")->package = nullptr; }},
    {"NameThatNothingMentions",
     [](MadeGraph& made) {
       auto* name = memgc::make<Name>();
       name->text = make_text("idle");
       name->hash = hash_of("idle");
       insert_name(*made.graph().table, name);
     }},
    {"NameWithAnotherHash", [](MadeGraph& made) { find_name(made.graph(), "base")->hash ^= 1; }},
    {"ProviderMissing", [](MadeGraph& made) { find_name(made.graph(), "mta")->providers = nullptr; }},
    {"CounterOff", [](MadeGraph& made) { ++made.store.graph().edges; }},
};

class GraphCheck : public testing::TestWithParam<Damage> {};

TEST_P(GraphCheck, SeesTheDamage) {
  MadeGraph made{std::string(kSmallIndex)};
  ASSERT_NO_THROW(check_graph(made.me, made.graph()));
  GetParam().inflict(made);
  EXPECT_THROW(check_graph(made.me, made.graph()), CheckFailed);
}

INSTANTIATE_TEST_SUITE_P(Of, GraphCheck, testing::ValuesIn(kDamages),
                         [](const testing::TestParamInfo<Damage>& chosen) { return chosen.param.name; });

}  // namespace
}  // namespace pkggraph
