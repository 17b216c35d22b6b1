// Job: pins how MEMGC, MEMLIMIT and MEMDEBUG are read: what is accepted, what is refused, and how a refusal reads.
//
// Threads: one. Tests that need the real environment set it and put it back.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace memgc::testing {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr std::size_t kGiB = 1024 * kMiB;
constexpr std::size_t kTiB = 1024 * kGiB;

// What a refusal says: one line that names the variable, quotes its text and tells what is accepted.
void expect_clear_line(const std::string& message, const std::string& variable, const std::string& text,
                       const std::vector<std::string>& accepted) {
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_NE(message.find(variable), std::string::npos) << message;
  EXPECT_NE(message.find(text), std::string::npos) << message;
  for (const std::string& word : accepted) EXPECT_NE(message.find(word), std::string::npos) << word << ": " << message;
}

Options parse(std::string_view memgc, std::string_view memlimit = "", std::string_view memdebug = "") {
  return Options::parse(memgc, memlimit, memdebug, Options{});
}

void expect_refused(const std::string& variable, const std::string& text, const std::vector<std::string>& accepted) {
  SCOPED_TRACE(variable + "=" + text);
  try {
    if (variable == "MEMGC") parse(text);
    if (variable == "MEMLIMIT") parse("", text);
    if (variable == "MEMDEBUG") parse("", "", text);
  } catch (const ConfigError& error) {
    expect_clear_line(error.what(), variable, text, accepted);
    return;
  }
  ADD_FAILURE() << "accepted";
}

TEST(Memgc, AcceptsANonNegativeDecimalIntegerOrOff) {
  EXPECT_EQ(parse("0").growth_percent, 0);
  EXPECT_EQ(parse("1").growth_percent, 1);
  EXPECT_EQ(parse("100").growth_percent, 100);
  EXPECT_EQ(parse("200").growth_percent, 200);
  EXPECT_EQ(parse("2147483647").growth_percent, 2147483647);
  EXPECT_EQ(parse("off").growth_percent, Options::kOff);
}

TEST(Memgc, RefusesEverythingElse) {
  for (const char* text : {" 100",
                           "100 ",
                           "+5",
                           "-5",
                           "-1",
                           "-",
                           "-0",
                           "+",
                           "1.5",
                           "1e2",
                           "0x10",
                           "OFF",
                           "Off",
                           "on",
                           "none",
                           "100%",
                           "2147483648",
                           "4294967296",
                           "4294967396",
                           "18446744073709551616",
                           "18446744073709551716",
                           "99999999999999999999999999999999",
                           "1,000",
                           "1_000",
                           "1'000",
                           "ten",
                           "off ",
                           "offf",
                           "of",
                           "100MiB",
                           " "}) {
    expect_refused("MEMGC", text, {"non-negative", "off"});
  }
}

TEST(Memlimit, AcceptsBytesWithAUnitOrOff) {
  const std::vector<std::pair<const char*, std::size_t>> table{
      {"0", 0},
      {"1", 1},
      {"4096", 4096},
      {"4096B", 4096},
      {"1KiB", kKiB},
      {"350MiB", 350 * kMiB},
      {"2GiB", 2 * kGiB},
      {"1TiB", kTiB},
      {"0GiB", 0},
      {"8388607TiB", 8388607 * kTiB},
      {"9223372036854775807", 9223372036854775807u},
      {"9223372036854775807B", 9223372036854775807u},
      {"off", Options::kNoLimit},
  };
  for (const auto& [text, bytes] : table) EXPECT_EQ(parse("", text).memory_limit, bytes) << text;
}

TEST(Memlimit, RefusesEverythingElse) {
  for (const char* text : {" 1",
                           "1 ",
                           "1 MiB",
                           "+1",
                           "-1",
                           "-0",
                           "-0B",
                           "-",
                           "1.5GiB",
                           "1e9",
                           "0x100",
                           "KiB",
                           "B",
                           "-KiB",
                           "1KB",
                           "1K",
                           "1M",
                           "1G",
                           "1MB",
                           "1kib",
                           "1KIB",
                           "1Kib",
                           "1mib",
                           "1PiB",
                           "1EiB",
                           "1MiBB",
                           "1BB",
                           "1MiB1",
                           "OFF",
                           "Off",
                           "unlimited",
                           "max",
                           "infinity",
                           "1,5GiB",
                           "9223372036854775808",
                           "8388608TiB",
                           "9223372036854775807KiB",
                           "18446744073709551616",
                           "18014398509481984KiB",
                           "17179869184GiB",
                           "99999999999999999999999999B",
                           " "}) {
    expect_refused("MEMLIMIT", text, {"bytes", "KiB", "TiB", "off", "%"});
  }
}

TEST(Memlimit, AcceptsAShareOfTheMachineOrContainer) {
  const std::size_t all = parse("", "100%").memory_limit;
  const std::size_t physical =
      static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  EXPECT_GT(all, 16 * kMiB);
  EXPECT_LE(all, physical) << "the container's, if it has less than the machine";
  for (std::size_t percent : {1u, 10u, 50u, 90u, 99u}) {
    const std::string text = std::to_string(percent) + "%";
    const std::size_t share = parse("", text).memory_limit;
    const std::size_t exact = all / 100 * percent;
    EXPECT_GE(share + 4096, exact) << text;
    EXPECT_LE(share, exact + 4096) << text;
  }
}

TEST(Memlimit, RefusesShareOutOfRange) {
  for (const char* text : {"0%", "101%", "1000%", "-5%", "+5%", "%", "5 %", " 5%", "5.5%", "5%%", "5%B",
                           "18446744073709551617%", "4294967346%"}) {
    expect_refused("MEMLIMIT", text, {"%", "off"});
  }
}

TEST(Memdebug, ReadsEachKnob) {
  EXPECT_TRUE(parse("", "", "gctrace=1").debug.gctrace);
  EXPECT_FALSE(parse("", "", "gctrace=1").debug.gctrace_json);
  EXPECT_TRUE(parse("", "", "gctrace=json").debug.gctrace);
  EXPECT_TRUE(parse("", "", "gctrace=json").debug.gctrace_json);
  EXPECT_TRUE(parse("", "", "scavtrace=1").debug.scavtrace);
  EXPECT_TRUE(parse("", "", "pacertrace=1").debug.pacertrace);
  EXPECT_EQ(parse("", "", "gcstress=7").debug.gcstress, 7u);
  EXPECT_EQ(parse("", "", "gcstress=4294967295").debug.gcstress, 4294967295u);
  EXPECT_TRUE(parse("", "", "gccheckmark=1").debug.gccheckmark);
  EXPECT_TRUE(parse("", "", "clobberfree=1").debug.clobberfree);
  EXPECT_TRUE(parse("", "", "gcstoptheworld=1").debug.gcstoptheworld);
  EXPECT_EQ(parse("", "", "generational=0").generational, Generational::off);
  EXPECT_EQ(parse("", "", "generational=1").generational, Generational::on);
  EXPECT_EQ(parse("", "", "gctrace=1,generational=auto").generational, Generational::automatic);
  EXPECT_TRUE(parse("", "", "precisecheck=1").debug.precisecheck);
  EXPECT_TRUE(parse("", "", "").debug.hugepages);
  EXPECT_FALSE(parse("", "", "hugepages=0").debug.hugepages);
  EXPECT_EQ(parse("", "", "safepointms=250").debug.safepointms, 250u);
  EXPECT_EQ(parse("", "", "safepointms=0").debug.safepointms, 0u);
}

TEST(Memdebug, ReadsSeveralAndLeavesTheRestAlone) {
  const DebugOptions debug = parse("", "", "gctrace=1,gcstress=10,clobberfree=1,safepointms=5").debug;
  EXPECT_TRUE(debug.gctrace);
  EXPECT_EQ(debug.gcstress, 10u);
  EXPECT_TRUE(debug.clobberfree);
  EXPECT_EQ(debug.safepointms, 5u);
  EXPECT_FALSE(debug.scavtrace);
  EXPECT_FALSE(debug.pacertrace);
  EXPECT_FALSE(debug.gccheckmark);
  EXPECT_FALSE(debug.gcstoptheworld);
  EXPECT_FALSE(debug.precisecheck);
}

TEST(Memdebug, ZeroTurnsOffWhatTheProgramTurnedOn) {
  Options defaults;
  defaults.debug.gctrace = defaults.debug.gctrace_json = true;
  defaults.debug.gcstress = 5;
  const Options options = Options::parse("", "", "gctrace=0,gcstress=0", defaults);
  EXPECT_FALSE(options.debug.gctrace);
  EXPECT_EQ(options.debug.gcstress, 0u);
  EXPECT_FALSE(Options::parse("", "", "gctrace=1", defaults).debug.gctrace_json) << "1 is Go's line";
}

TEST(Memdebug, RefusesEverythingElse) {
  for (const char* text : {"gctrace",
                           "gctrace=",
                           "gctrace=2",
                           "gctrace=yes",
                           "gctrace=xml",
                           "gctrace=JSON",
                           "gctrace=json1",
                           "gctrace=json=1",
                           "gctrace=true",
                           "gctrace=-1",
                           "gctrace=+1",
                           "gctrace= 1",
                           "gctrace=1 ",
                           " gctrace=1",
                           "gctrace =1",
                           "gctrace=1,",
                           ",gctrace=1",
                           "gctrace=1,,clobberfree=1",
                           ",",
                           "=1",
                           "=",
                           "gctrace=1,gctrace=1",
                           "gctrace=1,clobberfree=1,gctrace=0",
                           "gctrace=1;clobberfree=1",
                           "gctrace=1 clobberfree=1",
                           "gctrace=1, clobberfree=1",
                           "GCTRACE=1",
                           "gctraces=1",
                           "gctrac=1",
                           "unknown=1",
                           "1",
                           "gctrace==1",
                           "gctrace=1=1",
                           "gcstress=abc",
                           "gcstress=",
                           "gcstress=-1",
                           "gcstress=1.5",
                           "gcstress=4294967296",
                           "gcstress=18446744073709551617",
                           "gcstress=10ms",
                           "safepointms=x",
                           "safepointms=-1",
                           "safepointms=99999999999",
                           "clobberfree=1,bogus=1",
                           "off",
                           " "}) {
    expect_refused("MEMDEBUG", text, {});
  }
}

TEST(Memdebug, ARefusalTellsWhatIsAccepted) {
  const std::vector<std::string> all_knobs{
      "gctrace=0|1|json", "scavtrace",    "pacertrace", "gcstress",    "gccheckmark", "clobberfree",
      "gcstoptheworld",   "precisecheck", "hugepages",  "safepointms", "gcperiodms",  "generational=0|1|auto"};
  expect_refused("MEMDEBUG", "bogus=1", all_knobs);
  expect_refused("MEMDEBUG", "gctrace=2", {"gctrace=json"});
  expect_refused("MEMDEBUG", "gctrace=xml", {"gctrace=0, gctrace=1 or gctrace=json"});
  expect_refused("MEMDEBUG", "generational=2", {"generational=auto"});
  expect_refused("MEMDEBUG", "clobberfree=1,gcstress=abc", {"gcstress"});
}

TEST(Refusal, StaysOneLineWhateverTheTextHolds) {
  for (const std::string& text : {std::string("1\n2"), std::string("\r\n"), std::string("a\x01z"), std::string("\t100"),
                                  std::string("\x1b[2J")}) {
    for (int variable = 0; variable < 3; ++variable) {
      try {
        parse(variable == 0 ? text : "", variable == 1 ? text : "", variable == 2 ? text : "");
        ADD_FAILURE() << "accepted";
      } catch (const ConfigError& error) {
        for (const char* c = error.what(); *c != '\0'; ++c) {
          ASSERT_GE(static_cast<unsigned char>(*c), 0x20) << "a control character in: " << error.what();
        }
      }
    }
  }
}

TEST(Refusal, OfALongTextIsStillALine) {
  try {
    parse(std::string(100'000, '9'));
    ADD_FAILURE() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_LT(std::string_view(error.what()).size(), 1000u);
  }
}

TEST(OptionsParse, EmptyTextsLeaveTheDefaults) {
  Options defaults;
  defaults.growth_percent = 42;
  defaults.memory_limit = 77;
  defaults.reserve_bytes = 1 << 30;
  defaults.precise_stacks = true;
  defaults.debug.gcstress = 3;
  const Options options = Options::parse("", "", "", defaults);
  EXPECT_EQ(options.growth_percent, 42);
  EXPECT_EQ(options.memory_limit, 77u);
  EXPECT_EQ(options.reserve_bytes, std::size_t{1} << 30);
  EXPECT_TRUE(options.precise_stacks);
  EXPECT_EQ(options.debug.gcstress, 3u);
}

TEST(OptionsParse, TextsWinOverTheDefaults) {
  Options defaults;
  defaults.growth_percent = 42;
  defaults.memory_limit = 77;
  defaults.debug.clobberfree = true;
  const Options options = Options::parse("off", "1MiB", "gctrace=1", defaults);
  EXPECT_EQ(options.growth_percent, Options::kOff);
  EXPECT_EQ(options.memory_limit, kMiB);
  EXPECT_TRUE(options.debug.gctrace);
  EXPECT_TRUE(options.debug.clobberfree) << "a knob that is not named stays";
}

TEST(OptionsDefaults, AreThoseOfTheContract) {
  const Options options;
  EXPECT_EQ(options.growth_percent, 100);
  EXPECT_EQ(options.memory_limit, Options::kNoLimit);
  EXPECT_FALSE(options.precise_stacks);
  EXPECT_FALSE(options.debug.gctrace);
  EXPECT_EQ(options.debug.gcstress, 0u);
  EXPECT_EQ(options.debug.safepointms, 10u);
}

// Sets or clears a variable and puts back what was there.
class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~EnvironmentVariable() { set(old_ ? old_->c_str() : nullptr); }
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

 private:
  void set(const char* value) const {
    if (value == nullptr) {
      unsetenv(name_);
    } else {
      setenv(name_, value, 1);
    }
  }
  const char* name_;
  std::optional<std::string> old_;
};

class Environment : public ::testing::Test {
 protected:
  EnvironmentVariable memgc_{"MEMGC", nullptr};
  EnvironmentVariable memlimit_{"MEMLIMIT", nullptr};
  EnvironmentVariable memdebug_{"MEMDEBUG", nullptr};
};

TEST_F(Environment, UnsetAndEmptyVariablesChangeNothing) {
  Options defaults;
  defaults.growth_percent = 33;
  EXPECT_EQ(Options::from_env(defaults).growth_percent, 33);
  EXPECT_EQ(Options::from_env().growth_percent, 100);
  const EnvironmentVariable memgc("MEMGC", "");
  const EnvironmentVariable memlimit("MEMLIMIT", "");
  const EnvironmentVariable memdebug("MEMDEBUG", "");
  EXPECT_EQ(Options::from_env(defaults).growth_percent, 33);
  EXPECT_EQ(Options::from_env().memory_limit, Options::kNoLimit);
}

TEST_F(Environment, GovernsAHeapMadeWithoutOptions) {
  const EnvironmentVariable memgc("MEMGC", "250");
  const EnvironmentVariable memlimit("MEMLIMIT", "64MiB");
  const EnvironmentVariable memdebug("MEMDEBUG", "safepointms=99");
  const Heap heap;
  EXPECT_EQ(heap.options().growth_percent, 250);
  EXPECT_EQ(heap.options().memory_limit, 64 * kMiB);
  EXPECT_EQ(heap.options().debug.safepointms, 99u);
}

TEST_F(Environment, IsNotReadByAHeapMadeWithOptions) {
  const EnvironmentVariable memgc("MEMGC", "nonsense");
  Options options;
  options.growth_percent = 55;
  const Heap heap(options);
  EXPECT_EQ(heap.options().growth_percent, 55);
}

TEST_F(Environment, AMalformedVariableStopsTheMakingOfAHeap) {
  for (const auto& [variable, text] : std::vector<std::pair<const char*, const char*>>{{"MEMGC", "lots"},
                                                                                       {"MEMGC", "-5"},
                                                                                       {"MEMLIMIT", "1.5GiB"},
                                                                                       {"MEMLIMIT", "101%"},
                                                                                       {"MEMDEBUG", "gctrace=9"}}) {
    const EnvironmentVariable set(variable, text);
    try {
      const Heap heap;
      ADD_FAILURE() << variable << "=" << text << " accepted";
    } catch (const ConfigError& error) {
      expect_clear_line(error.what(), variable, text, {});
    }
    EXPECT_THROW(Options::from_env(), ConfigError);
  }
  EXPECT_NO_THROW(Heap{}) << "a refusal leaves nothing behind";
}

TEST_F(Environment, MemlimitLowersTheGoal) {
  const EnvironmentVariable memgc("MEMGC", "off");
  const EnvironmentVariable memlimit("MEMLIMIT", "48MiB");
  const Heap heap;
  EXPECT_LE(heap.stats().goal_bytes, 48 * kMiB);
  EXPECT_GE(heap.stats().goal_bytes, 32 * kMiB);
}

TEST_F(Environment, MayBeReadFromManyThreadsAtOnce) {
  const EnvironmentVariable memgc("MEMGC", "77");
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) ASSERT_EQ(Options::from_env().growth_percent, 77);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace memgc::testing
