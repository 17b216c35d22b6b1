// Job: see cycle.h.
#include "runtime/cycle.h"

#include <algorithm>
#include <array>
#include <utility>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"
#include "allocator/base/poison.h"
#include "allocator/base/seeded_bug.h"
#include "allocator/base/sync.h"
#include "memgc/internal/schedule_point.h"
#include "runtime/clock.h"
#include "runtime/heap_dump.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/outside_stores.h"
#include "runtime/pressure.h"
#include "runtime/roots.h"
#include "runtime/verifier.h"

namespace memgc::internal {

Cycle::Cycle(HeapImpl& heap)
    : heap_(heap),
      team_(heap.cage(), heap.weak_refs(), heap.remembered(), heap.grey(), heap.pacing()),
      processors_(heap.processors()) {}

void Cycle::mark(std::uint64_t number, CycleCause cause, CycleKind kind, HeapDump* dump) {
  const std::uint64_t began = now_ns();
  heap_.gc_cpu().begin_cycle();
  trace_ = CycleTrace();
  trace_.number = number;
  trace_.cause = cause;
  trace_.since_start_ns = elapsed_ns(heap_.made_ns(), began);
  trace_.heap_before = heap_.heap_bytes();
  trace_.goal = heap_.goal();
  stopped_ = heap_.debug().gcstoptheworld;
  heap_.handshakes().take_stop_sum();

  Roles roles = heap_.roles();
  minor_ = roles.remember && (kind == CycleKind::kMinor || (kind == CycleKind::kAny && is_to_be_minor()));
  trace_.minor = minor_;
  heap_.remembered().begin_cycle(minor_);
  old_sample_.clear();
  if (!minor_ && knows_old()) forget_old(roles.kept());
  roles.remember = heap_.pacing().generations().remembers();
  if (!seeded_bug("weak_tracing_begins_late"))
    heap_.weak_refs().begin(
        roles);  // before the first barrier: once a stack is copied, what a weak read gives is shaded
  open(roles);
  mark_began_ns_ = now_ns();
  mark_cpu_began_ns_ = thread_cpu_ns();
  process_cpu_began_ns_ = process_cpu_ns();
  if (seeded_bug("weak_tracing_begins_late")) heap_.weak_refs().begin(roles);
  team_.begin(roles);
  mark_remembered(roles);
  mark_from_roots();
  mark_to_the_end(roles);
  trace_.heap_after = heap_.heap_bytes();
  trace_.clock_ns[1] = elapsed_ns(mark_began_ns_, now_ns());
  note_cpu();
  if (heap_.debug().pacertrace) print_pacer_end();
  if (dump != nullptr) record(*dump, roles);
  check_marks(roles);
  schedule_point("merge");
  const std::size_t in_both =
      seeded_bug("new_bitmap_not_merged") ? 0 : heap_.sets().merge_new(roles.kept());  // phase 6
  heap_.allocation_sampler().judge(roles);
  heap_.remembered().end_cycle(
      [&](const void* object) { return heap_.cage().is_kept(roles.kept(), heap_.cage().cell_of(object)); });
  close(roles, in_both);
  note_end();
  if (heap_.debug().gctrace) print();
}

void Cycle::open(Roles& roles) {
  if (stopped_) {
    heap_.handshakes().ask(Ask::kStop, roles);
    const std::uint64_t stopped = now_ns();
    heap_.handshakes().for_each([&](MutatorImpl& mutator) {
      const std::uint64_t stop = elapsed_ns(mutator.stopped_since_ns, stopped);
      trace_.clock_ns[0] = std::max(trace_.clock_ns[0], stop);
      trace_.cpu_open_ns += stop;
    });
    OutsideStores::enter(heap_, roles.kept());
  } else {
    const Question barrier_on{Ask::kBarrierOn, roles, false};
    const Question fence{Ask::kFence, roles, true};
    roles.keep = Keep::kInNewBitmap;
    const Question snapshot{Ask::kSnapshot, roles, seeded_bug("fence_skipped")};
    if (seeded_bug("fence_skipped")) {
      heap_.handshakes().ask(std::array{barrier_on, snapshot});
    } else {
      heap_.handshakes().ask(std::array{barrier_on, fence, snapshot});
    }
    const StopSum stops = heap_.handshakes().take_stop_sum();
    trace_.clock_ns[0] = stops.longest_ns;
    trace_.cpu_open_ns = stops.total_ns;
  }
  heap_at_black_ = heap_.handshakes().bytes_when_over();
  heap_.pacing().begin_cycle(heap_.heap_bytes(), old_.bytes);
  if (heap_.debug().pacertrace) print_pacer_begin();
}

void Cycle::mark_from_roots() {
  trace_.globals = for_each_root(
      [](void* marker, const void* target) {
        static_cast<Marker*>(marker)->push_if_object(reinterpret_cast<std::uintptr_t>(target));
      },
      &team_.leader());
  heap_.finalizers().for_each_queued([this](void* object) { team_.leader().push(object); });
  const std::size_t count = heap_.handshakes().take_snapshots(snapshots_);
  snapshot_bytes_ = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Snapshot& snapshot = *snapshots_[i];
    schedule_point("scan snapshot");
    for (const std::uintptr_t word : snapshot) team_.leader().push_if_object(word);
    trace_.stacks += snapshot.stack_bytes();
    trace_.globals += snapshot.range_bytes();
  }
  for (const auto& snapshot : snapshots_) snapshot_bytes_ += snapshot->memory_bytes();
}

void Cycle::mark_to_the_end(Roles& roles) {
  WeakRefs& weak = heap_.weak_refs();
  drain();
  team_.leader().watch_ephemerons();
  drain();
  if (!stopped_) {
    // From the first round on new cells are marked in the kept bitmap itself, so that merging finds nothing left to do
    // behind its back; what little is still to be marked is marked with atomic instructions.
    team_.leader().share_marks();
    roles.keep = Keep::kInKeptBitmap;
  }
  do {
    weak.begin_round();
    if (!stopped_) heap_.handshakes().ask(Ask::kFlush, roles);
  } while ((found_grey() || !weak.decide()) && !seeded_bug("round_skipped"));
  weak.clear();
  // The dead are known. Those that have a destructor live on until it has run, with all that they lead to.
  heap_.finalizers().find_dead(roles, [&](void* object) {
    if (knows_old() && !seeded_bug("destroyed_object_scanned")) heap_.remembered().note_ended(object);
    team_.leader().push(object);
  });
  drain();
  if (!seeded_bug("revived_weak_uncleared"))
    weak.clear();  // those that only the dead refer to: a destructor may read them
  weak.end();
  heap_.pacing().end_marking();
  team_.end();
}

// Whether anything was handed over since there was nothing left to mark; marks what it leads to.
bool Cycle::found_grey() {
  bool all_taken = false;
  if (heap_.grey().puts(all_taken) == quiet_puts_) return false;
  drain();
  return true;
}

void Cycle::drain() {
  constexpr std::size_t kSlice = 4096;  // cells, about 50 us
  quiet_puts_ = team_.drain(kSlice, [this] { pace(); });
}

// Between two slices of marking: lets mutators that were held up go on in step with the work, and divides processors
// between marking and the program. A quarter of them is the collector's while the program keeps all busy; what the
// program leaves idle is the collector's as well, once there is enough to do to wake somebody for it.
void Cycle::pace() {
  constexpr std::size_t kWorthHelp = MEMGC_CHECKS ? 100 : 100'000;  // cells; 100'000 are about 1 ms
  note_memory();
  heap_.note_mark_work();
  heap_.pacing().revise(heap_.heap_bytes(), work());
  heap_.collector().note_progress();
  if (heap_.gc_cpu().due(now_ns())) note_gc_cpu();
  // Who waits to assist is the next to run: no helper is to take its processor.
  const std::size_t running = stopped_ ? 0 : heap_.handshakes().running() + heap_.collector().waiting_to_assist();
  const auto idle = heap_.gc_cpu().pressed() || heap_.pacing().no_room()
                        ? 0
                        : static_cast<unsigned>(processors_ - std::min<std::size_t>(running, processors_));
  const unsigned workers = std::max({idle, processors_ / 4, 1U});
  team_.want_helpers(team_.marked_cells() >= kWorthHelp ? workers - 1 : 0);
  if (!stopped_) take_share(idle > 0);
}

// Rests when the collector has had more than its share of processors that are all busy. Among many threads that are
// ready to run the scheduler gives it less: then mutators lend it their time, until it has had a quarter of what the
// process got.
void Cycle::take_share(bool idle) {
  constexpr std::uint64_t kLeastOwedNs = MEMGC_CHECKS ? 0 : 1'000'000;
  const std::uint64_t share = elapsed_ns(mark_began_ns_, now_ns()) * processors_ / 4;
  const std::uint64_t cpu = elapsed_ns(mark_cpu_began_ns_, thread_cpu_ns()) + team_.helper_cpu_ns();
  std::uint64_t owed = 0;
  if (cpu + kLeastOwedNs < share && !heap_.gc_cpu().limiting()) {
    const std::uint64_t quarter = elapsed_ns(process_cpu_began_ns_, process_cpu_ns()) / 4;
    owed = elapsed_ns(cpu, std::min(share, quarter));
  }
  heap_.pacing().owe_time(owed);
  if (!idle && processors_ < 4 && cpu > share)
    team_.rest(std::min<std::uint64_t>((cpu - share) * 4 / processors_, 1'000'000));
}

// Asks the limiter; who is held up goes on when it says that collecting has taken too much.
void Cycle::note_gc_cpu() {
  if (heap_.gc_cpu().note(team_.helper_cpu_ns(), team_.assist_cpu_ns(), stopped_)) heap_.collector().let_go();
}

// What was made while the cycle marked counts as live and need not be: only what was marked is sure.
void Cycle::warn_of_no_room() {
  const std::size_t limit = heap_.pacing().limit();
  if (minor_ || !heap_.pacing().no_room() ||
      team_.marked_bytes() + heap_.holdings().others() < percent_of(limit, kOverPercent))
    return;
  if (!heap_.gc_cpu().may_warn()) return;
  char line[kWarningBytes];
  write_line(line, format_limit_warning(line, team_.marked_bytes(), limit));
}

// Who marked for how long. The collector's share of the processors is a quarter; beyond it ran who found one idle.
void Cycle::note_cpu() {
  const std::uint64_t marked = team_.helper_cpu_ns() + elapsed_ns(mark_cpu_began_ns_, thread_cpu_ns());
  trace_.cpu_mark_ns = stopped_ ? marked : std::min(marked, trace_.clock_ns[1] * processors_ / 4);
  trace_.cpu_idle_ns = marked - trace_.cpu_mark_ns;
  trace_.cpu_assist_ns = team_.assist_cpu_ns();
}

// What this cycle had to look at. A minor one has little of that, and more of what any cycle takes.
std::size_t Cycle::work() const {
  constexpr std::size_t kLeast = std::size_t{256} << 10;
  return std::max(team_.marked_bytes() + team_.leader().rescanned_bytes(), minor_ ? kLeast : 0);
}

CycleMeasure Cycle::measure(std::size_t heap_bytes) const {
  CycleMeasure out;
  out.ended = heap_bytes;
  out.work = work();
  out.assist_ns = trace_.cpu_assist_ns;
  out.wall_ns = trace_.clock_ns[1];
  out.processors = processors_;
  out.idle_ns = trace_.cpu_idle_ns;
  return out;
}

// What is kept is known, and stays until phase 7: it is gone through beside the mutators. They go on past the hard goal
// meanwhile, or they would wait for this and not only for a cycle.
void Cycle::record(HeapDump& dump, const Roles& roles) {
  heap_.set_dumping(true);
  heap_.collector().let_go();
  dump.take(heap_, roles, snapshots_);
  heap_.set_dumping(false);
}

void Cycle::check_marks(const Roles& roles) {
  const bool check = heap_.debug().gccheckmark || MEMGC_CHECKS;
  if (!check && !heap_.debug().precisecheck) return;
  if (!stopped_) {
    heap_.handshakes().ask(Ask::kStop, roles);
    heap_.handshakes().take_snapshots(snapshots_);
  }
  if (heap_.precise_stacks() && heap_.debug().precisecheck) name_conservative_only(heap_, roles);
  if (heap_.debug().gccheckmark) check_marks_again(heap_, roles, snapshots_);
  const BlockSets::Cells marked{old_.count + team_.marked_cells(), old_.bytes + team_.marked_bytes()};
  if (check) verify_marks(heap_, roles, stopped_ ? &marked : nullptr);
  if (!stopped_) heap_.handshakes().resume_all();
}

void Cycle::close(Roles& roles, std::size_t in_both) {
  if (heap_.debug().clobberfree || MEMGC_ASAN) bury_dead(roles);
  if (!seeded_bug("swapped_bitmap")) roles.occupied = roles.kept();
  roles.keep = Keep::kNothing;
  ++roles.swaps;
  const std::uint64_t began = now_ns();
  if (stopped_) {
    heap_.set_roles(roles);
    heap_.handshakes().for_each([&](MutatorImpl& mutator) { mutator.local.retire_all(roles); });
  } else {
    heap_.handshakes().ask(Ask::kEnd, roles);
    const StopSum stops = heap_.handshakes().take_stop_sum();
    trace_.clock_ns[2] = stops.longest_ns;
    trace_.cpu_close_ns = stops.total_ns;
  }
  OutsideStores::leave(heap_);
  heap_.grey().discard();  // shaded since the last round, and so marked or new
  // Allocated black: counted since all did so, less what was also marked, as reachable from older objects.
  const std::size_t counted = heap_.heap_bytes();
  trace_.heap_live = old_.bytes + team_.marked_bytes() + counted - std::min(heap_at_black_ + in_both, counted);
  CycleFound found;
  found.minor = minor_;
  found.remembered = roles.remember;
  found.limited = heap_.pacing().by_limit();
  found.before = heap_.pacing().live();
  found.ended = counted;
  found.live = trace_.heap_live;
  found.old_died = old_sample_.died_bytes(heap_.cage(), roles.occupied);
  found.work = work();
  found.goal = heap_.goal();
  heap_.finish_cycle(found, old_.bytes + team_.marked_bytes(), trace_.stacks + trace_.globals, measure(counted));
  note_gc_cpu();
  if (stopped_) {
    heap_.handshakes().resume_all();
    trace_.clock_ns[2] = elapsed_ns(began, now_ns());
    trace_.cpu_close_ns = trace_.clock_ns[2] * heap_.handshakes().count();
  }
}

void Cycle::note_memory() {
  memory_bytes_.store(snapshot_bytes_ + heap_.weak_refs().memory_bytes(), std::memory_order_relaxed);
}

void Cycle::settle() {
  heap_.finalizers().wake(heap_.facade());
  const Roles roles = heap_.roles();
  if (!seeded_bug("bitmap_not_cleared")) old_ = heap_.sets().begin_kept(roles.kept(), knows_old());
  heap_.note_old();
  heap_.sets().swap_roles(roles);
  heap_.sets().settle(roles.occupied);
  heap_.large().settle(roles.occupied);
  heap_.grey().trim();
  note_gc_cpu();
  note_swept();
  note_memory();
  heap_.finish_sweep();
  warn_of_no_room();
  schedule_point("settled");
}

// What is occupied and not kept is dead from here on: nobody may touch it, and with clobberfree its contents say so.
void Cycle::bury_dead(const Roles& roles) {
  const Cage& cage = heap_.cage();
  const BlockIndex frontier = cage.frontier();
  for (BlockIndex index = 1; index < frontier; ++index) {
    const Block& block = cage.block(index);
    const BlockState state = block.state.load(std::memory_order_acquire);
    if (state != BlockState::kCells && state != BlockState::kLarge) continue;
    for (std::uint32_t cell = 0; cell < block.cells; ++cell) {
      const CellRef ref{index, cell};
      if (!cage.is_dead(roles.kept(), ref)) continue;
      char* address = cage.address_of(ref);
      const std::size_t bytes = cage.cell_bytes(ref);
      unpoison(address, bytes);
      if (heap_.debug().clobberfree) std::fill_n(address, bytes, static_cast<char>(0xdb));
      poison(address, bytes);
    }
  }
}

}  // namespace memgc::internal
