// Job: see heap_impl.h; and memgc::Heap on top of it.
#include "runtime/heap_impl.h"

#include <algorithm>
#include <bit>
#include <new>
#include <numeric>
#include <string>

#include "allocator/base/check.h"
#include "allocator/os_memory.h"
#include "runtime/clock.h"
#include "runtime/fork.h"
#include "runtime/object_type.h"
#include "runtime/pressure.h"
#include "runtime/processors.h"

namespace memgc::internal {
namespace {

// Far more than the machine can fill, so that the heap never meets its cage's end; address space costs nothing.
std::size_t default_reserve_bytes() {
  constexpr std::size_t kLeast = std::size_t{64} << 30, kMost = std::size_t{1} << 40;
  return std::clamp(std::bit_ceil(os::physical_bytes() * 8), kLeast, kMost);
}

// Of a heap's size: more than programs ever have grey at once; what does not fit costs time (Marker::rescan_marked).
std::size_t grey_bytes(std::size_t cage_bytes) {
  constexpr std::size_t kLeast = std::size_t{256} << 10, kMost = std::size_t{16} << 30;
  return std::clamp(cage_bytes / 32, kLeast, kMost);
}

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> made{0};
  return made.fetch_add(1, std::memory_order_relaxed) + 1;
}

void check_options(const Options& options) {
  if (options.growth_percent < Options::kOff) {
    throw ConfigError("memgc: growth_percent is " + std::to_string(options.growth_percent) +
                      ": accepted is a non-negative percent, or Options::kOff");
  }
}

}  // namespace

HeapImpl::HeapImpl(Heap& facade, const Options& options)
    : options_(options),
      number_(next_number()),
      made_ns_(now_ns()),
      processors_(processors_for_this_process()),
      gc_cpu_(processors_),
      pacing_(options),
      blocks_(cage_),
      sets_(cage_, blocks_),
      large_(cage_, blocks_),
      weak_refs_(cage_),
      finalizers_(cage_),
      facade_(&facade),
      allocation_sampler_(cage_, options.debug.profilerate, options.debug.profileseed),
      waiting_sampler_(options.debug.waitrate, options.debug.profileseed),
      scavenger_(*this),
      handshakes_(*this),
      collector_(*this) {
  check_options(options);
  if (options.debug.types) separate_types();
  const std::size_t bytes = options.reserve_bytes != 0 ? options.reserve_bytes : default_reserve_bytes();
  if (!cage_.reserve(bytes, options.debug.hugepages, options.generational != Generational::off) || !sets_.reserve() ||
      !grey_.reserve(grey_bytes(cage_.reserved_bytes())) || !collector_.reserve()) {
    throw std::bad_alloc();
  }
  if (options.generational != Generational::off) remembered_.open(cage_);
  update_limits();
  join_forks(*this);
}

HeapImpl::~HeapImpl() {
  leave_forks(*this);
  finalizers_.end_thread();
  collector_.stop();
  if (const std::size_t left = handshakes_.count(); left != 0) {
    fatal("a Heap was destroyed while %zu mutators are attached to it", left);
  }
  finalizers_.run_all(roles_);
}

void HeapImpl::count_allocation(MutatorImpl& mutator) {
  add_allocation(mutator, {mutator.local.take_allocated_cells(), mutator.local.take_allocated_bytes()});
  const std::size_t its = sizeof(MutatorImpl) + mutator.local.metadata_bytes();
  if (its != mutator.counted_bytes) count_thread_bytes(mutator, its);
}

void HeapImpl::count_thread_bytes(MutatorImpl& mutator, std::size_t bytes) {
  thread_bytes_.fetch_add(bytes - mutator.counted_bytes, std::memory_order_relaxed);
  if (mutator.counted_bytes == 0) attached_threads_.fetch_add(1, std::memory_order_relaxed);
  if (bytes == 0) attached_threads_.fetch_sub(1, std::memory_order_relaxed);
  mutator.counted_bytes = bytes;
  if (options_.max_bytes != Options::kNoLimit) update_most_bytes(holdings());
}

void HeapImpl::count_large_allocation(MutatorImpl& mutator, std::size_t bytes) { add_allocation(mutator, {1, bytes}); }

void HeapImpl::add_allocation(MutatorImpl& mutator, const Allocations& more) {
  mutator.balance -= static_cast<std::int64_t>(more.bytes);
  mutator.allocated.objects += more.objects;
  mutator.allocated.bytes += more.bytes;
  heap_bytes_.fetch_add(more.bytes, std::memory_order_relaxed);
  allocated_bytes_.fetch_add(more.bytes, std::memory_order_relaxed);
  allocated_cells_.fetch_add(more.objects, std::memory_order_relaxed);
}

MutatorImpl* HeapImpl::this_mutator() const {
  MutatorImpl* mutator = ThreadRecord::mine().mutators;
  while (mutator != nullptr && &mutator->heap != this) mutator = mutator->next_on_thread;
  return mutator;
}

void HeapImpl::count_stop(WaitKind kind, std::uint64_t ns, std::uint64_t within_ns) {
  stops_.add(ns);
  if (MutatorImpl* mutator = this_mutator(); mutator != nullptr) mutator->note_wait(kind, elapsed_ns(within_ns, ns));
}

// On the time of whoever needs memory.
void HeapImpl::keep_limit(std::size_t growth) {
  const std::uint64_t began = now_ns();
  scavenger_.keep_limit(growth);
  if (MutatorImpl* mutator = this_mutator(); mutator != nullptr)
    mutator->note_wait(WaitKind::kMemory, elapsed_ns(began, now_ns()));
}

// heap_bytes_ falls at the end of a cycle only, so the peaks are there.
void HeapImpl::note_peak(std::size_t bytes) {
  std::size_t peak = peak_bytes_.load(std::memory_order_relaxed);
  while (bytes > peak && !peak_bytes_.compare_exchange_weak(peak, bytes, std::memory_order_relaxed)) {
  }
}

Holdings HeapImpl::update_goal() {
  external_at_goal_.store(external_bytes_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  const Holdings held = holdings();
  pacing_.update_goal(held, debug().gcstoptheworld);
  fresh_refused_.store(false, std::memory_order_relaxed);
  update_most_bytes(held);
  return held;
}

// What the hard limit leaves for blocks and what describes them, when all else is paid for, and the work of a cycle.
void HeapImpl::update_most_bytes(const Holdings& held) {
  constexpr std::size_t kLeastMarkReserve = std::size_t{512} << 10;
  constexpr std::size_t kMarkReserveDivisor = 64;
  if (options_.max_bytes == Options::kNoLimit) return;
  const std::size_t reserve = std::max(kLeastMarkReserve, options_.max_bytes / kMarkReserveDivisor);
  const std::size_t others = fixed_table_bytes() + held.stack_copies + held.threads + std::max(held.mark_work, reserve);
  blocks_.set_most_bytes(options_.max_bytes > others ? options_.max_bytes - others : 0);
}

// Near a limit fresh blocks come one by one.
void HeapImpl::map_fresh() {
  constexpr std::size_t kNearDivisor = 8;
  if (pacing_.limited()) update_limits();  // with what describes the blocks since the last cycle
  const std::size_t limit = pacing_.resident_blocks();
  const std::size_t most = std::min(goal(), limit - limit / kNearDivisor);
  while (blocks_.wants_fresh()) {
    if (blocks_.map_fresh(most)) continue;
    fresh_refused_.store(true, std::memory_order_relaxed);
    break;
  }
}

std::size_t HeapImpl::fixed_table_bytes() const {
  return sets_.metadata_bytes() + sizeof(HeapImpl) + allocation_sampler_.memory_bytes() +
         waiting_sampler_.memory_bytes();
}

void HeapImpl::finish_cycle(const CycleFound& found, std::size_t marked, std::size_t roots,
                            const CycleMeasure& measure) {
  scavenger_.note_cycle(blocks_.taken_bytes(), goal());
  pacing_.end_cycle(found, roots, measure);
  note_peak(measure.ended);
  // A difference, not a store: mutators allocate, and the collector may wait for a processor for long.
  heap_bytes_.fetch_add(found.live - measure.ended, std::memory_order_relaxed);
  const std::size_t others = update_goal().others();
  gc_cpu_.keep_limit(
      room_.worth_keeping({pacing_.limit(), marked + others, measure.ended - std::min(found.live, measure.ended)}));
}

void HeapImpl::finish_sweep() {
  update_pressure();
  pacing_.update_block_goal(holdings(), debug().gcstoptheworld);
  if (debug().scavtrace) scavenger_.print(ScavengeNote::kNone);
}

void HeapImpl::note_mark_work() {
  if (!pacing_.limited()) return;
  const Holdings held = holdings();
  pacing_.note_others(held.others());
  update_most_bytes(held);
  make_room(0);
}

std::size_t HeapImpl::release_memory() {
  collector_.collect();
  const std::size_t released = scavenger_.release_all();
  if (debug().scavtrace) scavenger_.print(ScavengeNote::kForced);
  return released;
}

int HeapImpl::set_growth_percent(int percent) {
  Options wanted = options();
  wanted.growth_percent = percent;
  check_options(wanted);
  const int before = pacing_.set_growth_percent(percent);
  update_goal();
  collector_.look_again();
  return before;
}

std::size_t HeapImpl::set_memory_limit(std::size_t bytes) {
  const std::size_t before = pacing_.set_memory_limit(bytes);
  update_limits();
  make_room(0);
  update_pressure();
  collector_.look_again();
  return before;
}

Options HeapImpl::options() const {
  Options now = options_;
  now.growth_percent = pacing_.growth_percent();
  now.memory_limit = pacing_.memory_limit();
  return now;
}

Holdings HeapImpl::holdings() const {
  const BlockHeapStats blocks = blocks_.stats();
  Holdings out;
  out.blocks = block_bytes();
  out.free_blocks = blocks.free_bytes;
  out.tables = cage_.metadata_bytes(blocks_.used_end()) + fixed_table_bytes();
  out.mark_work = grey_.memory_bytes();
  out.stack_copies = collector_.metadata_bytes();
  out.threads = thread_bytes_.load(std::memory_order_relaxed);
  out.external = static_cast<std::size_t>(std::max<std::ptrdiff_t>(external_bytes_.load(std::memory_order_relaxed), 0));
  return out;
}

// The goal follows when it has become wrong by as much as matters: reporting costs an addition as a rule.
void HeapImpl::add_external_bytes(std::ptrdiff_t bytes) {
  constexpr std::ptrdiff_t kMatters = std::ptrdiff_t{1} << 20;
  const std::ptrdiff_t now = external_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  const std::ptrdiff_t moved = now - external_at_goal_.load(std::memory_order_relaxed);
  if (!pacing_.limited() || (moved < kMatters && moved > -kMatters)) return;
  pacing_.note_others(update_goal().others());
  make_room(0);
}

Stats HeapImpl::stats() {
  const Holdings held = holdings();
  Stats out;
  const CycleTotals totals = cycle_totals_.read();
  constexpr auto kForced = static_cast<std::size_t>(CycleCause::kForced);
  out.minor_cycles = std::accumulate(totals.minor.begin(), totals.minor.end(), std::uint64_t{0});
  out.cycles = std::accumulate(totals.full.begin(), totals.full.end(), out.minor_cycles);
  out.forced_cycles = totals.full[kForced] + totals.minor[kForced];
  out.live_bytes = pacing_.live();
  out.heap_bytes = heap_bytes();
  out.goal_bytes = goal();
  out.managed_bytes = held.all();
  out.block_bytes = held.blocks;
  out.free_bytes = held.free_blocks;
  out.metadata_bytes = held.metadata();
  out.external_bytes = held.external;
  out.table_bytes = held.tables;
  out.mark_work_bytes = held.mark_work;
  out.stack_copy_bytes = held.stack_copies;
  out.thread_bytes = held.threads;
  out.released_bytes = blocks_.stats().released_bytes;
  const Allocations made = allocated();
  out.allocated_bytes = made.bytes;
  out.allocated_objects = made.objects;
  out.gc_cpu_seconds = static_cast<double>(gc_cpu_.total_ns()) / 1e9;
  out.cpu_limited = gc_cpu_.limiting();
  out.cpu_limited_times = gc_cpu_.limited_times();
  out.cpu_limited_seconds = static_cast<double>(gc_cpu_.limited_ns()) / 1e9;
  out.stops = stops_.snapshot();
  return out;
}

void HeapImpl::lock_for_fork() {
  callback_lock_.lock();
  collector_.lock_for_fork();
  finalizers_.lock_for_fork();
  handshakes_.lock_for_fork();
  allocation_sampler_.lock_for_fork();
  waiting_sampler_.lock_for_fork();
}

void HeapImpl::lock_memory_for_fork() {
  grey_.lock_for_fork();
  blocks_.lock_for_fork();
}

void HeapImpl::unlock_memory_after_fork() {
  blocks_.unlock_after_fork();
  grey_.unlock_after_fork();
}

void HeapImpl::unlock_after_fork() {
  waiting_sampler_.unlock_after_fork();
  allocation_sampler_.unlock_after_fork();
  handshakes_.unlock_after_fork();
  finalizers_.unlock_after_fork();
  collector_.unlock_after_fork();
  callback_lock_.unlock();
}

void HeapImpl::update_limits() { pacing_.update_block_goal(update_goal(), debug().gcstoptheworld); }

void HeapImpl::update_pressure() {
  const Holdings held = holdings();
  const PressureInput in{pacing_.live() + held.others(), pacing_.limit(), pacing_.no_room(), gc_cpu_.limiting()};
  const std::lock_guard guard(callback_lock_);
  const Pressure now = pressure_level(pressure(), in);
  if (now == pressure()) return;
  pressure_.store(now, std::memory_order_relaxed);
  if (pressure_callback_) finalizers_.run_soon(*facade_, [this, now] { call_pressure(now); });
}

void HeapImpl::set_pressure_callback(std::function<void(Pressure)> callback) {
  const std::lock_guard guard(callback_lock_);
  pressure_callback_ = std::move(callback);
}

bool HeapImpl::call_pressure(Pressure pressure) {
  std::function<void(Pressure)> callback;
  {
    const std::lock_guard guard(callback_lock_);
    callback = pressure_callback_;
  }
  if (!callback) return false;
  callback(pressure);
  return true;
}

void throw_bad_alloc(std::size_t) { throw std::bad_alloc(); }

void* allocate_or_throw(MutatorState& mutator, const TypeInfo& type) {
  void* cell = allocate_slow(mutator, type);
  if (cell == nullptr) throw_bad_alloc(type.size);
  return cell;
}

void* allocate_or_abort(MutatorState& mutator, const TypeInfo& type) {
  void* cell = allocate_slow(mutator, type);
  if (cell == nullptr) abort_out_of_memory(type.size);
  return cell;
}

void abort_out_of_memory(std::size_t bytes) { fatal("out of memory: no room for an object of %zu bytes", bytes); }

}  // namespace memgc::internal

namespace memgc {

Heap::Heap() : Heap(Options::from_env()) {}
Heap::Heap(const Options& options) : impl_(new internal::HeapImpl(*this, options)) {}
Heap::~Heap() { delete impl_; }

void Heap::collect() { impl_->collector().collect(); }
void Heap::collect_async() { impl_->collector().collect_async(); }
int Heap::set_growth_percent(int percent) { return impl_->set_growth_percent(percent); }
std::size_t Heap::set_memory_limit(std::size_t bytes) { return impl_->set_memory_limit(bytes); }
std::size_t Heap::release_memory() { return impl_->release_memory(); }
void Heap::wait_for_finalizers() { impl_->collector().wait_for_finalizers(); }
Stats Heap::stats() const { return impl_->stats(); }
Options Heap::options() const { return impl_->options(); }
void Heap::add_external_bytes(std::ptrdiff_t bytes) { impl_->add_external_bytes(bytes); }
Pressure Heap::pressure() const noexcept { return impl_->pressure(); }
bool Heap::contains(const void* pointer) const noexcept { return impl_->cage().contains(pointer); }
void Heap::on_pressure(std::function<void(Pressure)> callback) { impl_->set_pressure_callback(std::move(callback)); }

}  // namespace memgc
