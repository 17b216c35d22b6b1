// Job: pins that the profiles are what other programs read: decoded by protoc always, opened by `go tool pprof` where
// there is one, with this file's functions and lines in them, and none of the library's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <memgc/observe/profile.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace memgc::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

struct Garbage {
  char bytes[48];
};
struct Treasure {
  Member<Treasure> next;
  static constexpr auto fields = memgc::fields(&Treasure::next);
};

[[gnu::noinline]] void make_garbage(int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(make<Garbage>());
}
[[gnu::noinline]] Treasure* keep_some(int count) {
  Treasure* all = nullptr;
  for (int i = 0; i < count; ++i) {
    auto* one = make<Treasure>();
    one->next = all;
    all = one;
  }
  return all;
}

std::string output_of(const std::string& command) {
  std::string out;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "cannot run";
  std::array<char, 4096> part;
  for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), pipe)) > 0;) out.append(part.data(), n);
  EXPECT_EQ(::pclose(pipe), 0) << command << '\n' << out;
  return out;
}

class Profile : public ::testing::Test {
 protected:
  Profile() {
    std::string name = (std::filesystem::temp_directory_path() / "memgc-profile-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    Options options;
    options.growth_percent = Options::kOff;
    options.precise_stacks = true;
    options.debug.profilerate = 1;
    options.debug.waitrate = 1;
    heap_ = std::make_unique<Heap>(options);
  }
  ~Profile() override { std::filesystem::remove_all(folder_); }

  void run() {
    Mutator me(*heap_);
    make_garbage(1000);
    keep_ = std::make_unique<Root<Treasure>>(keep_some(100));
    for (int i = 0; i < 3; ++i) heap_->collect();
  }
  std::string path() const { return (folder_ / "profile.pb.gz").string(); }
  std::string decoded() const {
    return output_of("gzip -dc " + path() +
                     " | " MEMGC_TEST_PROTOC " --proto_path=" MEMGC_TEST_PROTO_DIR
                     " --decode=perftools.profiles.Profile profile.proto");
  }
  std::string pprof(const std::string& arguments) const {
    return output_of("env PPROF_TMPDIR=" + folder_.string() + " " MEMGC_TEST_GO " tool pprof " + arguments + " " +
                     path());
  }

  std::filesystem::path folder_;
  std::unique_ptr<Heap> heap_;
  std::unique_ptr<Root<Treasure>> keep_;
};

TEST_F(Profile, IsDecodedByProtoc) {
  run();
  write_profile(*heap_, path());
  const std::string text = decoded();
  for (const char* name : {"alloc_objects", "alloc_space", "inuse_objects", "inuse_space", "make_garbage", "keep_some",
                           "lifetime", "::Treasure"}) {
    EXPECT_THAT(text, HasSubstr(name));
  }
  EXPECT_THAT(text, HasSubstr("value: 1000\n  value: 48000\n  value: 0\n  value: 0\n"));
  EXPECT_THAT(text, HasSubstr("value: 100\n  value: 1600\n  value: 100\n  value: 1600\n"));
  EXPECT_THAT(text, HasSubstr("profile_test.cc"));
}

TEST_F(Profile, OpensInPprof) {
  if (std::string(MEMGC_TEST_GO).empty()) GTEST_SKIP() << "no go";
  run();
  write_profile(*heap_, path());
  EXPECT_THAT(pprof("-top -unit=B"), ContainsRegex("1600B .*100%.*keep_some"));
  const std::string allocated = pprof("-top -sample_index=alloc_objects");
  EXPECT_THAT(allocated, ContainsRegex("1000 .*make_garbage"));
  EXPECT_THAT(allocated, Not(HasSubstr("memgc::internal::")));
  EXPECT_THAT(pprof("-tags"), ContainsRegex("lifetime"));
}

TEST_F(Profile, OfWaitingOpensInPprof) {
  run();
  write_waiting_profile(*heap_, path());
  const std::string text = decoded();
  EXPECT_THAT(text, HasSubstr("collect"));
  EXPECT_THAT(text, HasSubstr("nanoseconds"));
  if (std::string(MEMGC_TEST_GO).empty()) GTEST_SKIP() << "no go";
  EXPECT_THAT(pprof("-top -sample_index=waits"), ContainsRegex("Profile::run"));
}

#if defined(MEMGC_TEST_TRACE)
TEST_F(Profile, TellsWhichSitesMakeObjectsThatDieAtOnce) {
  run();
  write_profile(*heap_, path());
  const std::string text = output_of(MEMGC_TEST_TRACE " escape " + path());
  EXPECT_THAT(text, HasSubstr("1 sites make objects that always die before the first cycle: 46.9 KiB of 48.4 KiB"));
  EXPECT_THAT(text,
              ContainsRegex("1000 objects of .*Garbage\n    .*make_garbage.*\n    .*run  profile_test.cc:[0-9]+"));
  EXPECT_THAT(text, Not(HasSubstr("keep_some")));
}

TEST_F(Profile, IsRefusedByEscapeWhenItIsNone) {
  write_waiting_profile(*heap_, path());
  for (const std::string& file : {path(), std::string(MEMGC_TEST_TRACE), folder_.string() + "/none"}) {
    std::FILE* pipe = ::popen((MEMGC_TEST_TRACE " escape " + file + " 2>&1").c_str(), "r");
    std::array<char, 4096> part;
    const std::string line(part.data(), std::fread(part.data(), 1, part.size(), pipe));
    EXPECT_EQ(::pclose(pipe), 1 << 8) << line;
    EXPECT_THAT(line, ContainsRegex("^memgc-trace: [^\n]*" + file + "[^\n]*\n$"));
  }
}
#endif

TEST_F(Profile, OfAnEmptyHeapIsOneToo) {
  write_profile(*heap_, path());
  EXPECT_THAT(decoded(), Not(HasSubstr("\nsample {")));
}

TEST_F(Profile, LeavesNothingWhereItCannotBeWritten) {
  EXPECT_THROW(write_profile(*heap_, (folder_ / "none" / "profile").string()), ObserveError);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace memgc::testing
