// Job: stacks of their own, and going from one to another.
//
// Invariant: a coroutine's stack reads as zero when it starts, so that what is found on it does not depend on what ran
// there before. Threads: one; a Coroutine is used by the thread that made it.
#pragma once

#include <cstddef>

namespace memgc::testing {

class Coroutine {
 public:
  /// The calling thread's own stack.
  Coroutine() = default;
  /// A stack of `bytes`; start() before the first switch to it.
  explicit Coroutine(std::size_t bytes);
  ~Coroutine();
  Coroutine(const Coroutine&) = delete;
  Coroutine& operator=(const Coroutine&) = delete;

  /// The next switch to it calls body(argument), which must not return: its last act is a switch for good.
  void start(void (*body)(void* argument), void* argument);
  /// Goes on in `to`; returns when somebody switches back.
  void switch_to(Coroutine& to);
  void switch_for_good_to(Coroutine& to);

  const char* stack_base() const { return low_ + bytes_; }

 private:
  static void enter(Coroutine* self) noexcept;
  void clear();
  void leave(Coroutine& to, void** fake_stack);
  void arrive(void* fake_stack);

  char* low_ = nullptr;
  std::size_t bytes_ = 0;
  void* stack_pointer_ = nullptr;  // while it does not run
  void (*body_)(void*) = nullptr;
  void* argument_ = nullptr;
};

}  // namespace memgc::testing
