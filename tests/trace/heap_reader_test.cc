// The reader of .heapsnapshot files: what it reads, what it refuses, and that damage is no more than refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <sstream>

#include "heap/census.h"
#include "heap/dominators.h"
#include "heap/path.h"
#include "heap/snapshot_reader.h"
#include "heap_graph.h"
#include "input.h"

namespace memgc::trace {
namespace {

using ::testing::HasSubstr;

Snapshot read(const std::string& text) {
  std::stringbuf bytes(text);
  return read_snapshot(bytes, "it");
}

std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "read";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Graph graph() {
  Random random(1);
  return random_graph(random, 30, 70);
}

void expect_same(const Snapshot& got, const Snapshot& expected) {
  EXPECT_EQ(got.ids, expected.ids);
  EXPECT_EQ(got.bytes, expected.bytes);
  EXPECT_EQ(got.names, expected.names);
  EXPECT_EQ(got.kinds, expected.kinds);
  EXPECT_EQ(got.first_edges, expected.first_edges);
  EXPECT_EQ(got.to, expected.to);
  EXPECT_EQ(got.edge_names, expected.edge_names);
  EXPECT_EQ(got.edge_kinds, expected.edge_kinds);
  ASSERT_EQ(got.strings.size(), expected.strings.size());
  for (std::size_t i = 0; i < got.strings.size(); ++i) EXPECT_EQ(got.strings[i], expected.strings[i]);
}

TEST(HeapReader, ReadsWhatWasWritten) { expect_same(read(file_of(graph())), snapshot_of(graph())); }

TEST(HeapReader, FieldsAreWhereMetaSays) { expect_same(read(file_of(graph(), true)), snapshot_of(graph())); }

TEST(HeapReader, PackedFilesAreUnpackedAndBrokenOnesRefused) {
  const std::string path = std::filesystem::temp_directory_path() / ("heap_reader." + std::to_string(::getpid()));
  const std::string text = file_of(graph());
  const gzFile file = ::gzopen(path.c_str(), "wb");
  ::gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  ::gzclose(file);
  expect_same(read_snapshot(path), snapshot_of(graph()));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_THROW(read_snapshot(path), InputError);
  std::filesystem::remove(path);
  EXPECT_THROW(read_snapshot(path), InputError);
}

TEST(HeapReader, TypesAreNamesInMemgcsFilesAndConstructorsInV8s) {
  std::string text = replaced(file_of(graph()), R"(["object",)", R"(["closure",)");
  EXPECT_EQ(Types(read(text)).names, std::vector<std::string>{"(closure)"});
  text = replaced(file_of(graph(), false, R"(,"memgc":{"base":"0x10","bytes_per_id":16})"), R"(["object",)",
                  R"(["array",)");
  EXPECT_EQ(Types(read(text)).names.size(), 3u);
}

TEST(HeapReader, LongStringsAreCutBetweenCharacters) {
  std::string name(Strings::kMostName - 1, 'x');
  const Snapshot snapshot = read(replaced(file_of(graph()), R"("A")", '"' + name + "\u00e9tc\""));
  EXPECT_EQ(snapshot.strings[1], name);
  EXPECT_EQ(snapshot.strings[2], "B");
}

TEST(HeapReader, WhatIsWrongIsSaidInALine) {
  const std::string good = file_of(graph());
  const std::tuple<const char*, const char*, const char*> kCases[] = {
      {"{\"snapshot\"", "{\"nodes\":[1],\"snapshot\"", "before 'snapshot'"},
      {"\"snapshot\"", "\"nothing\"", "before 'snapshot'"},
      {"\"node_count\":30", "\"node_count\":31", "node_count"},
      {"\"edge_count\":70", "\"edge_count\":1e99", "edge_count"},
      {"\"edge_count\":70", "\"edge_counts\":70", "edge_count"},
      {"\"self_size\"", "\"selfsize\"", "without 'self_size'"},
      {"\"to_node\"", "7", "without all that belongs"},
      {"\"nodes\":[1,0,1,", "\"nodes\":[1,9,1,", "a node's name that is none"},
      {"\"nodes\":[1,0,1,", "\"nodes\":[2,0,1,", "node's type"},
      {"\"nodes\":[1,0,1,", "\"nodes\":[1,0,-1,", "negative"},
      {"\"nodes\":[1,0,1,", "\"nodes\":[1,0,1.5,", "no whole number"},
      {"\"nodes\":[1,0,1,0,", "\"nodes\":[1,0,1,9223372036854775800,", "2^63"},
      {"\"nodes\":[1,0,1,", "\"nodes\":[1,[],1,", "a list where none"},
      {"\"nodes\":[1,0,1,", "\"nodes\":[1,null,1,", "does not belong"},
      {"\"nodes\":[1,0,1,", "\"nodes\":[1,\"x\",1,", "does not belong"},
      {"\"nodes\":[1,0,1,", "\"nodes\":[1,5000000000,1,", "5000000000"},
      {"\"edges\":[", "\"edges\":[1,1,1,", "middle of a node"},
      {"\"edges\":[", "\"edges\":[1,1,70000,", "edge_count"},
      {"\"edges\":[", "\"edges\":[1,", "middle of a node"},
      {"\"strings\":[", "\"strings\":[5,", "does not belong"},
      {"\"strings\":[\"<dummy>\",\"A\",\"B\",\"C\"]", "\"strings\":[]", "none of its strings"},
      {"\"samples\":[]", "\"samples\":[", "no JSON at byte"},
      {"\"samples\":[]", "\"samples\":[],\"snapshot\":{}", "'snapshot' twice"},
  };
  for (const auto& [from, to, expected] : kCases) {
    const std::string said = refusal(replaced(good, from, to));
    EXPECT_THAT(said, HasSubstr(expected)) << from << " -> " << to;
    EXPECT_THAT(said, ::testing::StartsWith("it: "));
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
  EXPECT_THAT(refusal(""), HasSubstr("no JSON"));
  EXPECT_THAT(refusal("5"), HasSubstr("no 'snapshot'"));
  EXPECT_THAT(refusal("[[[]],{\"snapshot\":{}}]"), HasSubstr("no 'snapshot'"));
  EXPECT_THAT(refusal(file_of({})), HasSubstr("no nodes"));
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("no JSON"));
}

// Bytes are changed, taken out, doubled and swapped with others; numbers are replaced by such as tend to hurt.
std::string damaged(std::string text, Random& random) {
  for (std::uint32_t i = 1 + random() % 2; i > 0; --i) {
    const std::size_t at = random() % text.size();
    switch (random() % 5) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, random() % 20);
        break;
      case 2:
        text.insert(at, text.substr(random() % text.size(), random() % 40));
        break;
      case 3:
        text.resize(at + 1);
        break;
      default: {
        const std::size_t digit = text.find_first_of("0123456789", at);
        if (digit == std::string::npos) break;
        constexpr const char* kNumbers[] = {"0",  "4294967295", "4294967294", "18446744073709551615", "-1", "1e300",
                                            "70", "7",          "63"};
        const std::size_t end = std::min(text.find_first_not_of("0123456789", digit), text.size());
        text.replace(digit, end - digit, kNumbers[random() % std::size(kNumbers)]);
      }
    }
    if (text.empty()) text = "{";
  }
  return text;
}

TEST(HeapReader, DamageIsRefusedOrReadAsWhatItSays) {
  int read_anyway = 0;
  for (unsigned seed = 0; seed < 6000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Graph small = random_graph(random, 1 + random() % 12, random() % 30);
    const std::string text = damaged(file_of(small, seed % 2 == 0), random);
    try {
      const Snapshot snapshot = read(text);
      const Types types(snapshot);
      const Dominators dominators(snapshot);
      const Census census(snapshot, types, dominators);
      ASSERT_LE(census.objects, snapshot.nodes());
      for (const TypeRow& row : census.types) ASSERT_LE(row.retained_bytes, dominators.retained[0]);
      for (Snapshot::Node node = 0; node < snapshot.nodes(); ++node) {
        for (const Step& step : shortest_path(snapshot, node)) ASSERT_FALSE(edge_text(snapshot, step.edge).empty());
      }
      ++read_anyway;
    } catch (const InputError&) {
    }
  }
  // Both happen, or the damage is not what it should be.
  EXPECT_GT(read_anyway, 250);
  EXPECT_LT(read_anyway, 5000);
}

}  // namespace
}  // namespace memgc::trace
