// Job: pins that a published value is read whole, whoever reads it while it is written.
//
// Threads: one that writes, several that read.
#include "runtime/published.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

struct Value {
  std::array<std::uint64_t, 20> words{};
};

TEST(Published, IsZeroBeforeAnythingIsWritten) {
  const internal::Published<Value> published;
  EXPECT_EQ(published.read().words, Value{}.words);
}

TEST(Published, IsReadWholeAndNeverGoesBack) {
  internal::Published<Value> published;
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> torn{0}, back{0}, changes{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      std::uint64_t last = 0;
      while (!over.load(std::memory_order_relaxed)) {
        const Value value = published.read();
        for (const std::uint64_t word : value.words) torn += word != value.words[0];
        back += value.words[0] < last;
        changes += value.words[0] != last;
        last = value.words[0];
      }
    });
  }
  Value value;
  for (std::uint64_t i = 1; i <= scaled(1'000'000) || changes < 1000; ++i) {
    value.words.fill(i);
    published.publish(value);
    if (i % 1024 == 0) std::this_thread::yield();
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(back, 0u);
}

}  // namespace
}  // namespace memgc::testing
