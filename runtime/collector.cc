// Job: see collector.h.
#include "runtime/collector.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "allocator/base/check.h"
#include "allocator/base/poison.h"
#include "allocator/base/seeded_bug.h"
#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/object_type.h"
#include "runtime/processors.h"
#include "runtime/roots.h"
#include "runtime/verifier.h"

namespace memgc::internal {

Collector::Collector(HeapImpl& heap)
    : heap_(heap), marker_(heap.cage()), made_ns_(now_ns()), processors_(processors_for_this_process()) {}

Collector::~Collector() { stop(); }

void Collector::stop() {
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
  }
  wake_collector_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Collector::collect() {
  ThreadRecord& thread = ThreadRecord::mine();
  const bool attached = thread.mutators != nullptr && thread.blocking_depth == 0;
  const std::uint64_t begin = now_ns();
  if (attached) enter_blocked(thread);
  want(true, Wanted::kSettled);
  if (attached) {
    leave_blocked(thread);
    heap_.stops().add(elapsed_ns(begin, now_ns()));
  }
}

void Collector::collect_due(MutatorImpl& mutator) {
  const std::uint64_t begin = now_ns();
  enter_blocked(mutator.thread);
  // A cycle that ended while this thread was on its way here has done what was due.
  if (heap_.trigger_reached()) want(false, Wanted::kMarked);
  leave_blocked(mutator.thread);
  heap_.stops().add(elapsed_ns(begin, now_ns()));
}

void Collector::want(bool forced, Wanted until) {
  std::unique_lock guard(lock_);
  if (!thread_.joinable()) {
    // The program's signals are the program's: its handlers never run on this thread.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  // Forced: one that has not begun. Due: the one under way will do.
  const std::uint64_t ticket = forced || begun_ == marked_ ? begun_ + 1 : begun_;
  wanted_ = std::max(wanted_, ticket);
  if (forced) forced_ = std::max(forced_, ticket);
  wake_collector_.notify_one();
  const std::uint64_t& reached = until == Wanted::kMarked ? marked_ : settled_;
  wake_waiters_.wait(guard, [&] { return reached >= ticket || stopping_; });
}

void Collector::run() {
  ::pthread_setname_np(::pthread_self(), "memgc-mark");
  std::unique_lock guard(lock_);
  for (;;) {
    wake_collector_.wait(guard, [&] { return stopping_ || wanted_ > begun_; });
    if (stopping_) break;
    ++begun_;
    const bool forced = forced_ == begun_;
    guard.unlock();
    cycle(forced);
    guard.lock();
    settled_ = begun_;
    wake_waiters_.notify_all();
  }
}

void Collector::cycle(bool forced) {
  CycleTrace trace;
  const std::uint64_t began = now_ns();
  const std::uint64_t cpu_began = thread_cpu_ns();
  trace.since_start_ns = elapsed_ns(made_ns_, began);
  trace.heap_before = heap_.heap_bytes();
  trace.goal = heap_.goal();
  trace.forced = forced;

  heap_.handshakes().stop_all();  // phase 1
  const std::uint64_t stopped = now_ns();
  note_opening_stops(trace, stopped);

  Roles roles = heap_.roles();  // phase 2
  marker_.begin(roles.occupied, roles.kept());
  mark_from_roots(trace);
  marker_.drain();
  trace.heap_after = heap_.heap_bytes();
  trace.heap_live = marker_.marked_bytes();
  check_marks();
  const std::uint64_t marked = now_ns();

  if (heap_.debug().clobberfree || MEMGC_ASAN) bury_dead();  // phase 3
  if (!seeded_bug("swapped_bitmap")) roles.occupied = roles.kept();
  ++roles.swaps;
  heap_.set_roles(roles);
  heap_.sets().swap_roles();
  heap_.handshakes().for_each([&](MutatorImpl& mutator) { mutator.local.retire_all(roles); });
  const std::uint64_t cpu = elapsed_ns(cpu_began, thread_cpu_ns());
  heap_.finish_cycle(marker_.marked_bytes(), trace.stacks + trace.globals, forced, cpu);

  heap_.handshakes().resume_all();  // phase 4
  const std::uint64_t resumed = now_ns();
  trace.clock_ns[1] = elapsed_ns(stopped, marked);
  trace.clock_ns[2] = elapsed_ns(marked, resumed);
  trace.cpu_mark_ns = cpu;
  trace.cpu_close_ns = trace.clock_ns[2] * heap_.handshakes().count();
  {
    const std::lock_guard guard(lock_);
    marked_ = trace.number = begun_;
  }
  wake_waiters_.notify_all();
  if (heap_.debug().gctrace) print(trace);

  heap_.cage().clear_bitmap(roles.kept());  // phase 5
  heap_.sets().settle(roles.occupied);
  heap_.large().settle(roles.occupied);
  marker_.finish();
  heap_.add_gc_cpu(elapsed_ns(cpu_began + cpu, thread_cpu_ns()));
}

void Collector::note_opening_stops(CycleTrace& trace, std::uint64_t marked_from_ns) {
  heap_.handshakes().for_each([&](MutatorImpl& mutator) {
    const std::uint64_t stop = elapsed_ns(mutator.stopped_since_ns, marked_from_ns);
    trace.clock_ns[0] = std::max(trace.clock_ns[0], stop);
    trace.cpu_open_ns += stop;
  });
}

void Collector::mark_from_roots(CycleTrace& trace) {
  const auto push = [](void* marker, const void* target) {
    auto& self = *static_cast<Marker*>(marker);
    self.push_if_object(reinterpret_cast<std::uintptr_t>(target));
  };
  const auto push_word = [](void* marker, std::uintptr_t word) { static_cast<Marker*>(marker)->push_if_object(word); };
  trace.globals = for_each_root(push, &marker_);
  heap_.handshakes().for_each(
      [&](MutatorImpl& mutator) { trace.globals += scan_ranges(mutator.thread, push_word, push, &marker_); });
  if (heap_.precise_stacks()) {
    if (!heap_.debug().precisecheck) return;
    marker_.drain();
    name_conservative_only(heap_, marker_);
    return;
  }
  heap_.handshakes().for_each(
      [&](MutatorImpl& mutator) { trace.stacks += scan_stack(mutator.thread, push_word, &marker_); });
}

void Collector::check_marks() {
  if (heap_.debug().gccheckmark) check_marks_again(heap_, marker_);
  if (heap_.debug().gccheckmark || MEMGC_CHECKS) verify_marks(heap_, marker_);
}

// What is occupied and not kept is dead from here on: nobody may touch it, and with clobberfree its contents say so.
void Collector::bury_dead() {
  const Cage& cage = heap_.cage();
  const Roles roles = heap_.roles();
  const BlockIndex frontier = cage.frontier();
  for (BlockIndex index = 1; index < frontier; ++index) {
    const Block& block = cage.block(index);
    const BlockState state = block.state.load(std::memory_order_acquire);
    if (state != BlockState::kCells && state != BlockState::kLarge) continue;
    for (std::uint32_t cell = 0; cell < block.cells; ++cell) {
      const CellRef ref{index, cell};
      if (!cage.test(roles.occupied, ref) || cage.test(roles.kept(), ref)) continue;
      char* address = cage.address_of(ref);
      const std::size_t bytes = cage.cell_bytes(ref);
      if (heap_.debug().clobberfree) std::fill_n(address, bytes, static_cast<char>(0xdb));
      poison(address, bytes);
    }
  }
}

void Collector::print(CycleTrace& trace) {
  const std::uint64_t total = elapsed_ns(made_ns_, now_ns()) * processors_;
  trace.processors = processors_;
  if (total > 0)
    trace.gc_cpu_percent = static_cast<unsigned>(std::min<std::uint64_t>(heap_.gc_cpu_ns() * 100 / total, 100));
  char line[kTraceLineBytes];
  write_line(line, format_trace_line(line, trace));
}

}  // namespace memgc::internal
