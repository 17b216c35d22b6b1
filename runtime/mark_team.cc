// Job: see mark_team.h.
#include "runtime/mark_team.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <system_error>

#include "runtime/clock.h"

namespace memgc::internal {
namespace {

// What a helper marks before it looks whether it is still wanted, in bytes, about 50 us.
constexpr std::size_t kHelperSlice = std::size_t{128} << 10;
// And nobody marks on for longer than this, however far apart in memory the cells are.
constexpr std::uint64_t kMostSliceNs = 50'000;

}  // namespace

void MarkTeam::stop() {
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
  }
  wake_helpers_.notify_all();
  for (sync::Thread& helper : helpers_) helper.join();
  helpers_.clear();
}

void MarkTeam::forget_helpers() {
  sync::renew(lock_);
  sync::renew(wake_leader_);
  sync::renew(wake_helpers_);
  for (sync::Thread& helper : helpers_) sync::renew(helper);
  helpers_.clear();
  hungry_.store(0, std::memory_order_relaxed);
}

void MarkTeam::begin(const Roles& roles) {
  leader_.begin(roles.occupied, roles.kept(), false);
  leader_bytes_ = leader_cells_ = 0;
  marked_bytes_.store(0, std::memory_order_relaxed);
  marked_cells_.store(0, std::memory_order_relaxed);
  helper_cpu_ns_.store(0, std::memory_order_relaxed);
  assist_cpu_ns_.store(0, std::memory_order_relaxed);
  const std::lock_guard guard(lock_);
  roles_ = roles;
  asked_to_open_ = false;
}

void MarkTeam::open() {
  if (opened_.load(std::memory_order_relaxed)) return;
  leader_.share_marks();
  {
    const std::lock_guard guard(lock_);
    opened_.store(true, std::memory_order_relaxed);
  }
  wake_helpers_.notify_all();
}

void MarkTeam::end() {
  std::unique_lock guard(lock_);
  opened_.store(false, std::memory_order_relaxed);
  wanted_helpers_ = 0;
  // Nothing was left to mark, but somebody may just be finding that out.
  wake_leader_.wait(guard, [&] { return busy_ == 0; });
}

void MarkTeam::want_helpers(unsigned count) {
  std::unique_lock guard(lock_);
  if (asked_to_open_ || count != 0) {
    guard.unlock();
    open();
    guard.lock();
  }
  wanted_helpers_ = count;
  while (helpers_.size() < count) {
    const auto number = static_cast<unsigned>(helpers_.size());
    try {
      helpers_.push_back(sync::start_thread("memgc-mark", [this, number] { run_helper(number); }));
    } catch (const std::system_error&) {
      break;  // no memory or no more threads: the others do the work
    }
  }
  if (count != 0) wake_helpers_.notify_all();
}

void MarkTeam::note_leader() {
  marked_bytes_.fetch_add(leader_.marked_bytes() - leader_bytes_, std::memory_order_relaxed);
  pacing_.add_to_pool(leader_.marked_bytes() - leader_bytes_);
  marked_cells_.fetch_add(leader_.marked_cells() - leader_cells_, std::memory_order_relaxed);
  leader_bytes_ = leader_.marked_bytes();
  leader_cells_ = leader_.marked_cells();
  if (!opened_.load(std::memory_order_relaxed)) return;
  const bool hungry = hungry_.load(std::memory_order_relaxed) != 0;
  if (!hungry && !wanting_.load(std::memory_order_relaxed)) return;
  wanting_.store(false, std::memory_order_relaxed);
  if (queue_.empty()) leader_.share();
  if (hungry && !queue_.empty()) wake_helpers_.notify_all();
}

// When the leader has nothing left: more for it; or null, and nobody else has anything either.
GreyChunk* MarkTeam::take_or_wait(std::uint64_t& puts) {
  std::unique_lock guard(lock_);
  for (;;) {
    if (GreyChunk* chunk = queue_.take()) return chunk;
    bool all_taken = false;
    puts = queue_.puts(all_taken);
    if (!all_taken) continue;
    if (busy_ == 0) {
      if (!leader_.take_overflowed() && !overflowed_) return nullptr;
      overflowed_ = false;
      guard.unlock();
      leader_.rescan_marked();
      note_leader();
      guard.lock();
      continue;
    }
    hungry_.fetch_add(1, std::memory_order_relaxed);
    wake_leader_.wait(guard, [&] { return busy_ == 0 || !queue_.empty(); });
    hungry_.fetch_sub(1, std::memory_order_relaxed);
  }
}

void MarkTeam::rest(std::uint64_t ns) {
  if (opened_.load(std::memory_order_relaxed)) leader_.share_all();
  std::unique_lock guard(lock_);
  wake_leader_.wait_for(guard, std::chrono::nanoseconds(ns), [&] {
    if (!opened_.load(std::memory_order_relaxed)) return asked_to_open_;
    return busy_ == 0 && queue_.empty();  // the others have done it all
  });
}

// Under lock_.
bool MarkTeam::enter(GreyChunk*& chunk) {
  if (!opened_.load(std::memory_order_relaxed)) return false;
  chunk = queue_.take();
  if (chunk == nullptr) return false;
  ++busy_;
  return true;
}

void MarkTeam::leave(Marker& marker) {
  marker.hand_over();
  const std::lock_guard guard(lock_);
  overflowed_ = marker.take_overflowed() || overflowed_;
  marked_bytes_.fetch_add(marker.marked_bytes(), std::memory_order_relaxed);
  marked_cells_.fetch_add(marker.marked_cells(), std::memory_order_relaxed);
  if (--busy_ == 0 || !queue_.empty()) wake_leader_.notify_one();
}

// By one who has entered with the chunk. Nothing happens when there is no memory for a stack. Returns the bytes marked.
std::size_t MarkTeam::mark_a_while(GreyChunk* chunk, std::size_t bytes) {
  constexpr std::size_t kSlice = 128;  // cells
  Marker marker(cage_, weak_refs_, remembered_, queue_);
  if (marker.open()) {
    marker.begin(roles_.occupied, roles_.kept(), true);
    marker.adopt(chunk);
    const std::uint64_t began = now_ns();
    while (!marker.drain_some(kSlice) && marker.marked_bytes() < bytes && elapsed_ns(began, now_ns()) < kMostSliceNs) {
      if (queue_.empty() && hungry_.load(std::memory_order_relaxed) != 0) {
        marker.share();
        wake_leader_.notify_one();
      }
    }
    leave(marker);
    return marker.marked_bytes();
  }
  queue_.put(chunk);
  const std::lock_guard guard(lock_);
  if (--busy_ == 0) wake_leader_.notify_one();
  return 0;
}

// By a mutator: what it marked, and how long that took; nothing when there was nothing to be had.
std::optional<MarkTeam::Marked> MarkTeam::help(std::size_t bytes) {
  GreyChunk* chunk = nullptr;
  {
    const std::lock_guard guard(lock_);
    if (!enter(chunk)) {
      asked_to_open_ = true;
      wanting_.store(true, std::memory_order_relaxed);
      wake_leader_.notify_one();
      return std::nullopt;
    }
  }
  const std::uint64_t cpu_began = thread_cpu_ns();
  const std::size_t marked = mark_a_while(chunk, bytes);
  return Marked{marked, elapsed_ns(cpu_began, thread_cpu_ns())};
}

std::size_t MarkTeam::assist(std::size_t bytes) {
  const std::optional<Marked> marked = help(bytes);
  if (!marked) return 0;
  assist_cpu_ns_.fetch_add(marked->cpu_ns, std::memory_order_relaxed);
  return std::max<std::size_t>(marked->bytes, 1);
}

std::uint64_t MarkTeam::lend(std::size_t bytes) {
  const std::optional<Marked> marked = help(bytes);
  if (!marked) return 0;
  pacing_.add_to_pool(marked->bytes);
  helper_cpu_ns_.fetch_add(marked->cpu_ns, std::memory_order_relaxed);
  return marked->cpu_ns;
}

void MarkTeam::run_helper(unsigned number) {
  std::uint64_t counted_ns = thread_cpu_ns();  // all of this thread's time is collecting, waking up for little as well
  const auto count = [&] {
    const std::uint64_t now = thread_cpu_ns();
    helper_cpu_ns_.fetch_add(elapsed_ns(counted_ns, now), std::memory_order_relaxed);
    counted_ns = now;
  };
  std::unique_lock guard(lock_);
  while (!stopping_) {
    GreyChunk* chunk = nullptr;
    if (number < wanted_helpers_ && enter(chunk)) {
      guard.unlock();
      pacing_.add_to_pool(mark_a_while(chunk, kHelperSlice));
      count();
      guard.lock();
      continue;
    }
    count();
    hungry_.fetch_add(number < wanted_helpers_, std::memory_order_relaxed);
    const bool counted = number < wanted_helpers_;
    wake_helpers_.wait(guard);
    hungry_.fetch_sub(counted, std::memory_order_relaxed);
  }
}

}  // namespace memgc::internal
