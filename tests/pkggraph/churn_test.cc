// Job: churn: whatever is dropped and read again, by however many threads, the graph says what it said before, all the
// while the collector runs.
#include "tools/pkggraph/churn.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "made_index.h"
#include "tools/pkggraph/check.h"
#include "tools/pkggraph/errors.h"
#include "tools/pkggraph/queries.h"

namespace pkggraph {
namespace {

// An index of `packages` in a temporary file.
class IndexFile {
 public:
  explicit IndexFile(const std::string& text) {
    std::string path = testing::TempDir() + "pkggraph-churn-XXXXXX";
    const int fd = ::mkstemp(path.data());
    if (fd >= 0) ::close(fd);
    path_ = path;
    write(text);
  }
  ~IndexFile() { ::unlink(path_.c_str()); }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary | std::ios::trunc) << text; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string random_index(unsigned seed, int packages) {
  std::mt19937 random(seed);
  const auto pick = [&](const char* prefix) {
    return fmt::format("{}{}", prefix, random() % static_cast<unsigned>(packages));
  };
  std::string out;
  for (int i = 0; i < packages; ++i) {
    out += fmt::format("Package: n{}\nVersion: {}:1.{}-{}\nInstalled-Size: {}\nDescription: package number {}\n", i,
                       random() % 2, random() % 10, random() % 5, random() % 10000, i);
    std::string depends = "n0";
    for (std::size_t count = random() % 8; count > 0; --count) {
      depends += fmt::format("{} {}", random() % 4 == 0 ? " |" : ",\n", pick(random() % 6 == 0 ? "v" : "n"));
      if (random() % 3 == 0) depends += " (>= 1.2)";
    }
    out += "Depends: " + depends + "\n";
    if (random() % 5 == 0) out += fmt::format("Provides: {}, {} (= 2)\n", pick("v"), pick("v"));
    if (random() % 50 == 0) out += "\n" + fmt::format("Package: n{}\nVersion: 0~old\nDepends: n1\n", i);  // superseded
    out += "\n";
  }
  return out;
}

// Loads an index for churning, on a heap that collects often.
struct Loaded {
  Loaded(const std::string& path, const memgc::Options& options)
      : heap(options), me(heap), source(path, IndexSource::Keep::kForRereading), store({}) {
    StanzaReader reader(source.name(),
                        [this](char* buffer, std::size_t size) { return source.read(me, buffer, size); });
    store.load(me, reader);
  }

  std::uint64_t fresh_digest() {
    GraphStore fresh(store.options());
    StanzaReader reader(source.name(), source.reread_all(me));
    fresh.load(me, reader);
    return digest(me, fresh.graph());
  }

  memgc::Heap heap;
  memgc::Mutator me;
  IndexSource source;
  GraphStore store;
};

struct Case {
  unsigned seed;
  unsigned threads;
};

class Churn : public testing::TestWithParam<Case> {};

TEST_P(Churn, LeavesTheGraphAsItWas) {
  const auto [seed, threads] = GetParam();
  SCOPED_TRACE(fmt::format("seed {}, {} threads", seed, threads));
  const IndexFile file(random_index(seed, 3000));
  memgc::Options options;
  options.growth_percent = 25;
  Loaded loaded(file.path(), options);
  const std::uint64_t before = digest(loaded.me, loaded.store.graph());
  const std::string said = summary({loaded.me, loaded.store.graph(), true}).text;
  const std::string largest_before = largest({loaded.me, loaded.store.graph(), true}, 20).text;
  const Package* first = find_package(loaded.store.graph(), "n0");
  const std::uint64_t allocated = loaded.heap.stats().allocated_objects;

  churn(loaded.heap, loaded.me, loaded.store, loaded.source, {30000, seed, threads});

  check_graph(loaded.me, loaded.store.graph());
  EXPECT_EQ(digest(loaded.me, loaded.store.graph()), before);
  EXPECT_EQ(loaded.fresh_digest(), before);
  EXPECT_EQ(summary({loaded.me, loaded.store.graph(), true}).text, said);
  EXPECT_EQ(largest({loaded.me, loaded.store.graph(), true}, 20).text, largest_before);
  // It did happen: ten turns per package on average replace them all but for a few.
  EXPECT_NE(find_package(loaded.store.graph(), "n0"), first);
  EXPECT_GT(loaded.heap.stats().allocated_objects, allocated + 30000 * 10);
  EXPECT_GT(loaded.heap.stats().cycles, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Churn, testing::Values(Case{1, 1}, Case{2, 1}, Case{3, 1}, Case{4, 2}, Case{5, 5}),
                         [](const testing::TestParamInfo<Case>& chosen) {
                           return fmt::format("Seed{}Threads{}", chosen.param.seed, chosen.param.threads);
                         });

TEST(ChurnMemory, DroppedPackagesAreCollected) {
  const IndexFile file(random_index(6, 3000));
  Loaded loaded(file.path(), {});
  loaded.heap.collect();
  const std::uint64_t live_before = loaded.heap.stats().live_bytes;
  churn(loaded.heap, loaded.me, loaded.store, loaded.source, {60000, 6, 1});
  loaded.heap.collect();
  const std::uint64_t live_after = loaded.heap.stats().live_bytes;
  // Twenty graphs' worth have come and gone. A few may hang on stray words of the stack, with what they refer to.
  EXPECT_LT(live_after, live_before + live_before / 4) << "before: " << live_before;
}

TEST(ChurnDebug, HoldsUnderStressCheckmarkAndClobberedCells) {
  const IndexFile file(random_index(7, 400));
  memgc::Options options;
  options.debug.gcstress = 20;
  options.debug.gccheckmark = true;
  options.debug.clobberfree = true;
  Loaded loaded(file.path(), options);
  const std::uint64_t before = digest(loaded.me, loaded.store.graph());
  churn(loaded.heap, loaded.me, loaded.store, loaded.source, {800, 7, 3});
  check_graph(loaded.me, loaded.store.graph());
  EXPECT_EQ(digest(loaded.me, loaded.store.graph()), before);
}

TEST(ChurnSeed, DecidesWhatIsDropped) {
  const IndexFile file(random_index(8, 200));
  const auto survivors = [&](std::uint64_t seed) {
    Loaded loaded(file.path(), {});
    std::vector<const Package*> before;  // compared only, never followed
    before.reserve(200);
    for (int i = 0; i < 200; ++i) before.push_back(find_package(loaded.store.graph(), fmt::format("n{}", i)));
    churn(loaded.heap, loaded.me, loaded.store, loaded.source, {100, seed, 1});
    std::string out;
    for (int i = 0; i < 200; ++i) {
      out +=
          find_package(loaded.store.graph(), fmt::format("n{}", i)) == before[static_cast<std::size_t>(i)] ? '.' : 'x';
    }
    return out;
  };
  const std::string once = survivors(1);
  EXPECT_EQ(once, survivors(1));
  EXPECT_NE(once, survivors(2));
  const auto replaced = std::count(once.begin(), once.end(), 'x');
  EXPECT_GT(replaced, 50);
  EXPECT_LE(replaced, 100);
}

TEST(ChurnSource, AFileThatChangedIsNoticed) {
  const std::string text = random_index(9, 50);
  const IndexFile file(text);
  Loaded loaded(file.path(), {});
  file.write("Package: other\nVersion: 1\n\n" + text);
  EXPECT_THROW(churn(loaded.heap, loaded.me, loaded.store, loaded.source, {50, 1, 1}), InputError);
}

TEST(ChurnSource, AFileCutShortIsNoticed) {
  const IndexFile file(random_index(9, 50));
  Loaded loaded(file.path(), {});
  file.write("");
  EXPECT_THROW(churn(loaded.heap, loaded.me, loaded.store, loaded.source, {50, 1, 2}), InputError);
}

}  // namespace
}  // namespace pkggraph
