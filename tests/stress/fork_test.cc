// Job: fork() at any moment: the child has a heap that it can use and collect, the parent goes on. And signals at any
// moment do no harm.
//
// Threads: some edit a shared graph while cycles run; one forks. ThreadSanitizer does not allow a child of a process
// with several threads to make threads, so it does not see this file.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <pthread.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

struct Node {
  explicit Node(std::uint64_t number) : value(number), check(~number) {}
  std::uint64_t value, check;
  Member<Node> left, right;
  static constexpr auto fields = memgc::fields(&Node::left, &Node::right);
};

struct Ending {
  explicit Ending(std::atomic<int>* where) : count(where) {}
  ~Ending() { count->fetch_add(1); }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;
  std::atomic<int>* count;
};

Options checked() {
  Options options;
  options.debug.gccheckmark = true;
  options.debug.clobberfree = true;
  options.debug.profilerate = 1024;  // a fork finds their locks free
  options.debug.waitrate = 1000;
  options.debug.safepointms = 0;
  return options;
}

// A tree whose nodes say what they are.
Node* make_tree(int depth) {
  auto* node = memgc::make<Node>(static_cast<std::uint64_t>(depth));
  if (depth > 0) {
    node->left = make_tree(depth - 1);
    node->right = make_tree(depth - 1);
  }
  return node;
}

bool is_sound(const Node* node, int depth) {
  if (node == nullptr || node->value != static_cast<std::uint64_t>(depth) || node->check != ~node->value) return false;
  return depth == 0 || (is_sound(node->left, depth - 1) && is_sound(node->right, depth - 1));
}

constexpr int kDepth = 9;

// Threads that edit, and one that keeps cycles going, until it is destroyed.
class Busy {
 public:
  /// `me`: the calling thread's mutator, which must not hold up the others while it waits for their ends.
  explicit Busy(Heap& heap, Mutator* me = nullptr) : me_(me) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      threads_.emplace_back([this, &heap, seed] { edit(heap, seed); });
    }
    threads_.emplace_back([this, &heap] {
      while (!stop_) heap.collect();
    });
  }
  ~Busy() {
    stop_ = true;
    std::optional<BlockingScope> waiting;
    if (me_ != nullptr) waiting.emplace(*me_);
    for (std::thread& thread : threads_) thread.join();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  void edit(Heap& heap, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!stop_) {
      Mutator me(heap);
      const Root<Node> kept(make_tree(kDepth));
      for (int i = 0; i < 200 && !stop_; ++i) {
        Node* node = kept;
        int depth = kDepth;
        for (; depth > 3; --depth) node = random() % 2 == 0 ? node->left : node->right;
        node->left = make_tree(depth - 1);
        me.safepoint();
        if (random() % 16 == 0) {
          const BlockingScope blocked(me);
          std::this_thread::yield();
        }
      }
      EXPECT_TRUE(is_sound(kept, kDepth));
    }
  }

  Mutator* me_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// ASan's malloc in LLVM 14 does not take its own locks before a fork: the child of a process with busy threads
// may find them held for ever. glibc's does.
constexpr char kWhySkipped[] = "this sanitizer's malloc may be locked in the child of a busy process";

int exit_status(pid_t child) {
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// What a child does, as a thread that is attached: 0 if all is well.
int use_heap(Heap& heap, const Node* tree) {
  if (!is_sound(tree, kDepth)) return 10;
  const std::uint64_t cycles = heap.stats().cycles;
  for (int i = 0; i < 3; ++i) {
    const Root<Node> fresh(make_tree(kDepth));
    heap.collect();
    if (!is_sound(tree, kDepth) || !is_sound(fresh, kDepth)) return 11;
  }
  return heap.stats().cycles >= cycles + 3 ? 0 : 12;
}

TEST(Fork, FromAMutatorWhileOthersEditAndCyclesRun) {
  if (kUnderAsan) GTEST_SKIP() << kWhySkipped;
  Heap heap(checked());
  Mutator me(heap);
  const Root<Node> tree(make_tree(kDepth));
  const Busy busy(heap, &me);
  for (int i = 0; i < 40; ++i) {
    for (int spins = i * 37 % 11; spins > 0; --spins) make_tree(5);  // so that it is not always the same moment
    const pid_t child = fork();
    if (child == 0) {
      alarm(120);
      _exit(use_heap(heap, tree));
    }
    const BlockingScope waiting(me);
    ASSERT_EQ(exit_status(child), 0) << "fork " << i;
  }
  EXPECT_TRUE(is_sound(tree, kDepth));
}

TEST(Fork, FromAThreadThatIsAttachedNowhereAndAgainInTheChild) {
  if (kUnderAsan) GTEST_SKIP() << kWhySkipped;
  Heap heap(checked());
  Root<Node> tree;
  std::thread([&] {
    Mutator me(heap);
    tree = make_tree(kDepth);
  }).join();
  const Busy busy(heap);
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(120);
      Mutator me(heap);
      if (const int wrong = use_heap(heap, tree); wrong != 0) _exit(wrong);
      const pid_t grandchild = fork();
      if (grandchild == 0) _exit(use_heap(heap, tree));
      const BlockingScope waiting(me);
      _exit(exit_status(grandchild) == 0 ? 0 : 13);
    }
    ASSERT_EQ(exit_status(child), 0) << "fork " << i;
  }
}

TEST(Fork, WithinABlockingScopeAndWithSeveralHeaps) {
  if (kUnderAsan) GTEST_SKIP() << kWhySkipped;
  Heap first(checked()), second(checked());
  Mutator me_there(second);
  const Root<Node> other(make_tree(kDepth));
  Mutator me(first);
  const Root<Node> tree(make_tree(kDepth));
  const Busy busy(first, &me), busy_there(second, &me);
  for (int i = 0; i < 10; ++i) {
    pid_t child = -1;
    {
      const BlockingScope blocked(me);
      child = fork();
      if (child != 0) {
        ASSERT_EQ(exit_status(child), 0) << "fork " << i;
      }
    }
    if (child == 0) {
      alarm(120);
      second.collect();
      _exit(is_sound(other, kDepth) ? use_heap(first, tree) : 14);
    }
  }
}

// All that is left runs in the child too, on a thread of its own; the heap can be destroyed there.
TEST(Fork, DestructorsRunInTheChild) {
  static std::atomic<int> ended{0};
  auto* heap = new Heap(checked());
  auto* me = new Mutator(*heap);
  for (int i = 0; i < 100; ++i) memgc::make<Ending>(&ended);
  const pid_t child = fork();
  if (child == 0) {
    alarm(120);
    heap->collect();
    heap->wait_for_finalizers();
    delete me;
    delete heap;
    _exit(ended == 100 ? 0 : 15);
  }
  EXPECT_EQ(exit_status(child), 0);
  delete me;
  delete heap;
  EXPECT_EQ(ended, 100);
}

TEST(Fork, AndExec) {
  Heap heap(checked());
  const Busy busy(heap);
  for (int i = 0; i < 10; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      execl("/bin/true", "true", static_cast<char*>(nullptr));
      _exit(127);
    }
    ASSERT_EQ(exit_status(child), 0);
  }
}

// --- Signals.

std::atomic<std::uint64_t> signals{0};
void count_signal(int) { signals.fetch_add(1, std::memory_order_relaxed); }

class SignalStorm : public ::testing::TestWithParam<int> {};

TEST_P(SignalStorm, DoesNoHarm) {
  struct sigaction action {
  }, before{};
  action.sa_handler = count_signal;
  action.sa_flags = GetParam();
  sigaction(SIGUSR1, &action, &before);
  {
    Heap heap(checked());
    Mutator me(heap);
    const Root<Node> tree(make_tree(kDepth));
    const Busy busy(heap, &me);
    const pthread_t here = pthread_self();
    std::atomic<bool> stop{false};
    std::thread storm([&] {
      while (!stop) {
        pthread_kill(here, SIGUSR1);  // one thread for certain,
        kill(getpid(), SIGUSR1);      // and any that takes it
        std::this_thread::yield();
      }
    });
    for (int i = 0; i < 60; ++i) {
      const Root<Node> fresh(make_tree(kDepth));
      heap.collect();
      EXPECT_TRUE(is_sound(fresh, kDepth) && is_sound(tree, kDepth));
    }
    stop = true;
    const BlockingScope waiting(me);
    storm.join();
  }
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_GT(signals.load(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Flags, SignalStorm, ::testing::Values(0, SA_RESTART),
                         [](const auto& instance) { return instance.param == 0 ? "Interrupting" : "Restarting"; });

}  // namespace
}  // namespace memgc::testing
