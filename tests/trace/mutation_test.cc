// Real traces, damaged in a thousand ways by a seeded generator: what fuzz.h demands must hold.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "fuzz.h"

namespace memgc::trace {
namespace {

std::string load(const char* name) {
  std::ifstream in(std::string(MEMGC_TRACE_DATA) + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(TraceMutation, DamagedTracesAreCountedNeverFatal) {
  constexpr unsigned kSeed = 20261129;
  RecordProperty("seed", static_cast<int>(kSeed));
  std::mt19937 random(kSeed);
  for (const char* const name : {"go1.26_workers.txt", "memgc_scheme_minor.txt", "go1.17.txt", "memgc_json.txt"}) {
    const std::string original = load(name);
    ASSERT_FALSE(original.empty()) << name;
    for (int round = 0; round < 250; ++round) {
      std::string text = original;
      for (unsigned damage = random() % 8 + 1; damage > 0 && !text.empty(); --damage) {
        const std::size_t at = random() % text.size();
        switch (random() % 5) {
          case 0:
            text[at] = static_cast<char>(random());
            break;
          case 1:
            text.erase(at, random() % 100);
            break;
          case 2:
            text.insert(at, text.substr(random() % text.size(), random() % 200));
            break;
          case 3:
            text.insert(at, std::string(random() % 30, "09.+->@{\"\n"[random() % 10]));
            break;
          default:
            text.insert(at, std::string(70000, 'x'));
        }
      }
      SCOPED_TRACE(testing::Message() << name << " round " << round << " seed " << kSeed);
      check_any_input(text);
    }
  }
}

}  // namespace
}  // namespace memgc::trace
