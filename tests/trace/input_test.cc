#include "input.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace memgc::trace {
namespace {

class TraceInput : public testing::Test {
 protected:
  TraceInput() {
    std::string name = testing::TempDir() + "trace_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~TraceInput() override { std::filesystem::remove_all(folder_); }

  static std::string lines(unsigned from, unsigned to, double start = 0) {
    std::string out;
    for (unsigned i = from; i <= to; ++i) {
      out += "gc " + std::to_string(i) + " @" + std::to_string(start + i) +
             "s 2%: 0.031+4.2+0.018 ms clock, 0.062+0.41/3.9/1.2+0.036 ms cpu, 40->44->21 MB, 42 MB goal, 2 P\n";
    }
    return out;
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  std::string pack(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    gzFile out = gzopen(path.c_str(), "wb");
    gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
    gzclose(out);
    return path;
  }
  static ReadStatus read(const std::vector<std::string>& paths, std::vector<std::uint64_t>* numbers = nullptr) {
    return read_traces(paths, {[&](const Cycle& cycle) {
                                 if (numbers != nullptr) numbers->push_back(cycle.number);
                               },
                               {},
                               {}});
  }

  std::string folder_;
};

TEST_F(TraceInput, RotatedFilesAreReadInTheOrderOfTheirCycles) {
  const std::string newest = write("log", lines(31, 40));
  const std::string middle = write("log.1", lines(11, 30));
  const std::string oldest = pack("log.2.gz", lines(1, 10));
  std::vector<std::uint64_t> numbers;
  const ReadStatus status = read({newest, oldest, middle}, &numbers);
  EXPECT_EQ(status.lost + status.restarts, 0u);
  ASSERT_EQ(numbers.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(numbers[i], i + 1);
}

TEST_F(TraceInput, ARestartInTheMiddleOfAFileDoesNotConfuseTheOrder) {
  const std::string a = write("a", lines(1, 99, 1000));
  const std::string b = write("b", lines(100, 120, 1000) + lines(1, 50));
  const std::string c = write("c", lines(51, 80));
  const ReadStatus status = read({c, b, a});
  EXPECT_EQ(status.lost, 0u);
  EXPECT_EQ(status.restarts, 1u);
}

TEST_F(TraceInput, RunsOfTheirOwnStayAsTheyAreNamed) {
  std::vector<std::uint64_t> numbers;
  EXPECT_EQ(read({write("x", lines(1, 5)), write("y", lines(1, 3))}, &numbers).restarts, 1u);
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 1, 2, 3}));
}

TEST_F(TraceInput, TheLastCycleOfALongFileIsFoundAtItsEnd) {
  const std::string filler = std::string(80, 'x') + "\n";
  std::string noise;
  while (noise.size() < (5u << 20)) noise += filler;
  const std::string first = write("first", lines(1, 5) + noise + lines(6, 9));
  const std::string second = write("second", lines(10, 12));
  EXPECT_EQ(read({second, first}).restarts, 0u);
}

TEST_F(TraceInput, APackedFileThatBreaksOffIsReadAsFarAsItGoes) {
  const std::string path = pack("cut.gz", lines(1, 5000));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const ReadStatus status = read({path});
  EXPECT_GT(status.cycles, 1000u);
  EXPECT_LT(status.cycles, 5000u);
}

TEST_F(TraceInput, WhatCannotBeReadIsNamed) {
  try {
    read({folder_ + "/none"});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), folder_ + "/none: No such file or directory");
  }
  EXPECT_THROW(read({folder_}), InputError);
}

TEST_F(TraceInput, MemoryDoesNotGrowWithTheInput) {
  const auto peak_kib = [] {
    rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const std::string path = folder_ + "/big";
  const std::string chunk = lines(1, 1000);
  {
    std::ofstream out(path, std::ios::binary);
    for (int i = 0; i < 200; ++i) out << chunk;                     // 20 MB of lines, 200 runs
    for (int i = 0; i < 40; ++i) out << std::string(1 << 20, 'x');  // and a line of 40 MB
  }
  read({write("small", chunk)});
  const auto before = peak_kib();
  EXPECT_EQ(read({path, write("end", "\n")}).cycles, 200000u);
  EXPECT_LT(peak_kib() - before, 8 << 10);
}

}  // namespace
}  // namespace memgc::trace
