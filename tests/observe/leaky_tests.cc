// Tests of which some leave things behind, with a LeakListener: leak_listener_test.sh runs them.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <memgc/observe/gtest_leaks.h>

#include <memory>
#include <thread>

namespace {

struct Session {
  memgc::Member<Session> next;
  static constexpr auto fields = memgc::fields(&Session::next);
};

memgc::Heap& heap() {
  static memgc::Heap forever;
  return forever;
}
memgc::Root<Session>& sessions() {
  static memgc::Root<Session> all;
  return all;
}

[[gnu::noinline]] void open_sessions(int count) {
  std::thread([&] {
    memgc::Mutator me(heap());
    for (int i = 0; i < count; ++i) {
      auto* session = me.make<Session>();
      session->next = sessions().get();
      sessions() = session;
    }
  }).join();
}

TEST(Leaky, LeavesNothing) {
  open_sessions(3);
  sessions() = nullptr;
}
TEST(Leaky, LeavesSessions) { open_sessions(7); }
TEST(Leaky, LeavesARoot) {
  static std::unique_ptr<memgc::Root<Session>> left;
  left = std::make_unique<memgc::Root<Session>>();
}
TEST(Leaky, FailsAndLeavesSessions) {
  open_sessions(5);
  FAIL() << "for a reason of its own";
}
TEST(Leaky, LeavesWhatIsKnown) {
  memgc::ignore_leaks({.type = {}, .function = "open_sessions", .thread = {}});
  open_sessions(2);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  heap();
  sessions();
  testing::UnitTest::GetInstance()->listeners().Append(new memgc::LeakListener);
  return RUN_ALL_TESTS();
}
