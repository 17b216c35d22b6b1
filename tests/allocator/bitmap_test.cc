// Job: pins bit ranges and runs of bits against a std::vector<bool>, on every pattern that is short enough and on
// random ones. Threads: one, but for the last test.
#include "allocator/bitmap.h"

#include <gtest/gtest.h>

#include <array>
#include <bitset>
#include <utility>

#include "allocator/base/bits.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

// A block's bitmap, and the model that is changed beside it.
class Bits {
 public:
  explicit Bits(std::size_t bits) : words_((bits + 63) / 64), model_(bits) {}

  BitmapWord* words() { return words_.data(); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(model_.size()); }
  bool operator[](std::size_t bit) const { return model_[bit]; }

  void put(std::size_t bit, bool value) {
    model_[bit] = value;
    const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
    if (value) words_[bit / 64].fetch_or(mask);
    if (!value) words_[bit / 64].fetch_and(~mask);
  }
  void model_range(CellRange range, auto&& change) {
    for (std::uint32_t bit = range.begin; bit < range.end; ++bit) model_[bit] = change(bit);
  }
  // Runs of one value of up to `longest` bits, one after the other.
  template <class Random>
  void randomise(Random& random, std::size_t longest) {
    for (std::size_t bit = 0; bit < model_.size();) {
      const bool value = random() % 2 != 0;
      for (std::size_t left = pick(random, 1, longest); left > 0 && bit < model_.size(); --left) put(bit++, value);
    }
  }
  testing::AssertionResult agrees() const {
    for (std::size_t bit = 0; bit < model_.size(); ++bit) {
      if (((words_[bit / 64].load() >> (bit % 64) & 1) != 0) != model_[bit])
        return testing::AssertionFailure() << "bit " << bit << " should be " << model_[bit];
    }
    return testing::AssertionSuccess();
  }

  std::uint32_t naive_find(std::uint32_t from, std::uint32_t end, bool value) const {
    while (from < end && model_[from] != value) ++from;
    return from < end ? from : end;
  }
  CellRange naive_clear_run(std::uint32_t from, std::uint32_t end) const {
    const std::uint32_t begin = naive_find(from, end, false);
    return {begin, naive_find(begin, end, true)};
  }

 private:
  std::vector<BitmapWord> words_;
  std::vector<bool> model_;
};

template <class Random>
CellRange random_range(Random& random, std::uint32_t size) {
  const auto one = static_cast<std::uint32_t>(pick(random, 0, size));
  const auto other = static_cast<std::uint32_t>(pick(random, 0, size));
  return {std::min(one, other), std::max(one, other)};
}

TEST(BitRange, HasTheBitsFromToAndNoOthers) {
  for (unsigned from = 0; from <= 64; ++from) {
    for (unsigned to = from; to <= 64; ++to) {
      std::uint64_t naive = 0;
      for (unsigned bit = from; bit < to; ++bit) naive |= std::uint64_t{1} << bit;
      ASSERT_EQ(bit_range(from, to), naive) << from << " to " << to;
    }
  }
}

TEST(Percent, OfAnySizeDoesNotOverflow) {
  EXPECT_EQ(percent_of(0, 100), 0u);
  EXPECT_EQ(percent_of(4 << 20, 25), std::size_t{1} << 20);
  EXPECT_EQ(percent_of(SIZE_MAX, 100), SIZE_MAX);
  EXPECT_EQ(percent_of(SIZE_MAX / 2, 200), SIZE_MAX - 1);
  EXPECT_EQ(percent_of(SIZE_MAX, 101), SIZE_MAX) << "what does not fit is the largest that does";
  EXPECT_EQ(percent_of(SIZE_MAX, SIZE_MAX), SIZE_MAX);
  EXPECT_EQ(percent_of(199, 1), 1u) << "rounded down";
}

TEST(FindBit, AgreesWithANaiveScanFromEveryPlaceToEveryEnd) {
  std::mt19937_64 random(test_seed(1));
  for (std::size_t round = 0; round < 40; ++round) {
    Bits bits(pick(random, 1, 200));
    bits.randomise(random, 1 + round * 2);
    for (std::uint32_t from = 0; from <= bits.size(); ++from) {
      for (std::uint32_t end = from; end <= bits.size(); ++end) {
        ASSERT_EQ(find_bit(bits.words(), from, end, true), bits.naive_find(from, end, true)) << from << " to " << end;
        ASSERT_EQ(find_bit(bits.words(), from, end, false), bits.naive_find(from, end, false)) << from << " to " << end;
      }
    }
  }
}

TEST(FindBit, PastTheEndIsTheEnd) {
  Bits bits(128);
  EXPECT_EQ(find_bit(bits.words(), 100, 100, false), 100u);
  EXPECT_EQ(find_bit(bits.words(), 128, 128, false), 128u) << "and reads no word behind the bitmap";
  EXPECT_EQ(find_bit(bits.words(), 90, 70, false), 70u);
}

// Words are independent, so all patterns of three bits on either side of a word's border, in all contexts, are all
// there is to cross a border.
TEST(FindClearRun, AgreesWithANaiveScanOnEveryPatternAcrossAWordsBorder) {
  constexpr std::uint32_t kBegin = 58, kEnd = 70;
  for (std::uint32_t pattern = 0; pattern < 1u << (kEnd - kBegin); ++pattern) {
    for (const bool around : {false, true}) {
      Bits bits(128);
      for (std::uint32_t bit = 0; bit < bits.size(); ++bit)
        bits.put(bit, bit >= kBegin && bit < kEnd ? (pattern >> (bit - kBegin) & 1) != 0 : around);
      for (std::uint32_t from = 0; from < bits.size();) {
        const CellRange run = find_clear_run(bits.words(), from, bits.size());
        const CellRange naive = bits.naive_clear_run(from, bits.size());
        ASSERT_EQ(std::pair(run.begin, run.end), std::pair(naive.begin, naive.end)) << pattern << " from " << from;
        if (run.empty()) break;
        from = run.end;
      }
    }
  }
}

// For every number of cells that a block can have: the runs of a bitmap, one after the other, are those of a naive
// scan.
TEST(FindClearRun, AgreesWithANaiveScanOnRandomBlocksOfEverySizeClass) {
  std::mt19937_64 random(test_seed(2));
  std::size_t runs = 0;
  for (const std::size_t cell_bytes : kSizeClasses) {
    for (std::size_t round = 0; round < scaled(200); ++round) {
      Bits bits(kBlockBytes / cell_bytes);
      bits.randomise(random, pick(random, 1, 300));
      for (std::uint32_t from = 0;;) {
        const CellRange run = find_clear_run(bits.words(), from, bits.size());
        const CellRange naive = bits.naive_clear_run(from, bits.size());
        ASSERT_EQ(std::pair(run.begin, run.end), std::pair(naive.begin, naive.end)) << cell_bytes << " from " << from;
        if (run.empty()) break;
        from = run.end;
        ++runs;
      }
    }
  }
  EXPECT_GT(runs, scaled(20'000));
}

TEST(ForEachWord, VisitsEachBitOfTheRangeOnce) {
  for (std::uint32_t begin = 0; begin <= 200; ++begin) {
    for (std::uint32_t end = begin; end <= 200; ++end) {
      std::array<std::uint64_t, 4> seen{};
      for_each_word({begin, end}, [&](std::uint32_t word, std::uint64_t mask) {
        ASSERT_NE(mask, 0u) << "a word that the range does not touch";
        ASSERT_EQ(seen[word], 0u);
        seen[word] = mask;
      });
      for (std::uint32_t bit = 0; bit < 256; ++bit)
        ASSERT_EQ((seen[bit / 64] >> (bit % 64) & 1) != 0, bit >= begin && bit < end) << begin << " to " << end;
    }
  }
}

TEST(Ranges, AgreeWithAVectorOfBoolsThroughManyChanges) {
  std::mt19937_64 random(test_seed(3));
  Bits bits(kMaxCells), unless(kMaxCells);
  const std::size_t rounds = scaled(20'000);
  for (std::size_t round = 0; round < rounds; ++round) {
    if (round % 50 == 0) unless.randomise(random, pick(random, 1, 100));
    if (round % 70 == 0) bits.randomise(random, pick(random, 1, 100));
    const CellRange range = random_range(random, bits.size());
    switch (random() % 3) {
      case 0:
        set_range(bits.words(), range);
        bits.model_range(range, [](std::uint32_t) { return true; });
        break;
      case 1:
        set_range_unless(bits.words(), unless.words(), range);
        bits.model_range(range, [&](std::uint32_t bit) { return bits[bit] || !unless[bit]; });
        break;
      default:
        clear_range_unless(bits.words(), unless.words(), range);
        bits.model_range(range, [&](std::uint32_t bit) { return bits[bit] && unless[bit]; });
    }
    if (round % 16 == 0) {
      ASSERT_TRUE(bits.agrees()) << "after change " << round;
    }
  }
  EXPECT_TRUE(bits.agrees());
}

TEST(Counting, CountsWhatIsSetUpToTheLastCell) {
  std::mt19937_64 random(test_seed(4));
  for (const std::size_t cell_bytes : kSizeClasses) {
    Bits bits(kBlockBytes / cell_bytes);
    EXPECT_TRUE(all_clear(bits.words(), bits.size()));
    EXPECT_EQ(count_bits(bits.words(), bits.size()), 0u);
    bits.randomise(random, 20);
    std::uint32_t naive = 0;
    for (std::uint32_t bit = 0; bit < bits.size(); ++bit) naive += bits[bit];
    EXPECT_EQ(count_bits(bits.words(), bits.size()), naive);
    EXPECT_EQ(all_clear(bits.words(), bits.size()), naive == 0);
    clear_all(bits.words(), bits.size());
    EXPECT_TRUE(all_clear(bits.words(), bits.size()));
    for (const std::uint32_t only : {std::uint32_t{0}, bits.size() / 2, bits.size() - 1}) {
      set_range(bits.words(), {only, only + 1});
      EXPECT_FALSE(all_clear(bits.words(), bits.size())) << only;
      EXPECT_EQ(count_bits(bits.words(), bits.size()), 1u);
      clear_all(bits.words(), bits.size());
    }
  }
}

// Neighbours in one word belong to different threads.
TEST(Ranges, OfDifferentThreadsDoNotDisturbEachOther) {
  constexpr std::uint32_t kCells = 512, kThreads = 8, kWidth = kCells / kThreads + 3;  // borders within words
  std::vector<BitmapWord> words(kCells / 64 + 1), none(kCells / 64 + 1);
  std::atomic<bool> lost{false};
  on_threads(kThreads, [&](unsigned number) {
    const CellRange mine{number * kWidth, std::min(number * kWidth + kWidth, kCells)};
    for (std::size_t round = 0; round < scaled(200'000); ++round) {
      set_range(words.data(), mine);
      if (find_bit(words.data(), mine.begin, mine.end, false) != mine.end) lost = true;
      clear_range_unless(words.data(), none.data(), mine);
      if (find_bit(words.data(), mine.begin, mine.end, true) != mine.end) lost = true;
    }
  });
  EXPECT_FALSE(lost);
  EXPECT_TRUE(all_clear(words.data(), kCells));
}

}  // namespace
}  // namespace memgc::internal
