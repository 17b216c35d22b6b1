// A program with a planted fault, for README's chapter on programs that go wrong: a Member that `fields` does not name,
// so what it refers to is freed under it. See service.cc for the other faults.
//
// Comes to stop_here() with the first session whose user is not the one that was stored or, compiled with FIXED, with
// the newest one. One thread. A program of its own: it is linked with a library that has debug information, for gdb.
#include <cstdio>

#include "memgc/memgc.h"

struct User {
  long number = 0;
};

struct Session {
  memgc::Member<User> user;
  memgc::Member<Session> next;
#if FIXED
  static constexpr auto fields = memgc::fields(&Session::user, &Session::next);
#else
  static constexpr auto fields = memgc::fields(&Session::next);
#endif
};

Session* suspect;  // what gdb is asked for
extern "C" __attribute__((noinline)) void stop_here() { __asm__ volatile("" ::: "memory"); }

int main() {
  memgc::Heap heap;
  memgc::Mutator me(heap);
  memgc::Root<Session> sessions;
  for (long number = 0; number < 100'000; ++number) {
    Session* session = me.make<Session>();
    session->user = me.make<User>();
    session->user->number = number;
    session->next = sessions;
    sessions = session;
  }
  long expected = 100'000;
  for (suspect = sessions; suspect != nullptr; suspect = suspect->next) {
    if (const long number = suspect->user->number; number != --expected) {
      std::printf("user %ld has number %ld (%#lx)\n", expected, number, static_cast<unsigned long>(number));
      stop_here();
      return 1;
    }
  }
  suspect = sessions;
  stop_here();
}
