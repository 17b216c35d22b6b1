// Job: pins how pointers are handed over to the marker one by one: together in a chunk, each counted as handed over.
#include "runtime/grey_queue.h"

#include <gtest/gtest.h>

#include <vector>

namespace memgc::internal {
namespace {

TEST(GreyQueue, PointersHandedOverOneByOneShareChunks) {
  GreyQueue queue;
  ASSERT_TRUE(queue.reserve(std::size_t{1} << 20));
  std::vector<char> targets(4 * GreyChunk::kEntries);  // one by one in chunks of their own they would not fit
  bool all_taken = true;
  const std::uint64_t before = queue.puts(all_taken);
  for (const char& target : targets) queue.put_one(&target);
  EXPECT_EQ(queue.puts(all_taken) - before, targets.size()) << "whoever looks whether there was more sees each";
  EXPECT_FALSE(all_taken);
  EXPECT_EQ(queue.memory_bytes(), 4 * sizeof(GreyChunk));
  std::size_t seen = 0;
  while (GreyChunk* chunk = queue.take()) {
    seen += chunk->count;
    queue.give_back(chunk);
  }
  EXPECT_EQ(seen, targets.size());
}

TEST(GreyQueue, APointerIsNotAddedToAChunkThatWasTaken) {
  GreyQueue queue;
  ASSERT_TRUE(queue.reserve(std::size_t{1} << 20));
  const char targets[2] = {};
  queue.put_one(&targets[0]);
  GreyChunk* first = queue.take();
  queue.put_one(&targets[1]);
  ASSERT_EQ(first->count, 1u);
  EXPECT_EQ(first->entries[0], &targets[0]);
  GreyChunk* second = queue.take();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->entries[0], &targets[1]);
}

}  // namespace
}  // namespace memgc::internal
