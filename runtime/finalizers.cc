// Job: see finalizers.h.
#include "runtime/finalizers.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <utility>

#include "allocator/base/check.h"
#include "allocator/layout.h"
#include "memgc/heap.h"
#include "memgc/mutator.h"
#include "memgc/weak.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/object_type.h"
#include "runtime/trace_line.h"

namespace memgc::internal {

Finalizers::~Finalizers() { end_thread(); }

std::uint64_t Finalizers::add_cleanup(const void* object, std::function<void()> action) {
  const std::lock_guard guard(lock_);
  cleanups_.push_back({object, next_cleanup_, std::move(action)});
  return next_cleanup_++;
}

bool Finalizers::cancel_cleanup(std::uint64_t number) {
  const std::lock_guard guard(lock_);
  const auto at =
      std::find_if(cleanups_.begin(), cleanups_.end(), [&](const Cleaning& c) { return c.number == number; });
  if (at == cleanups_.end()) return false;
  cleanups_.erase(at);
  return true;
}

bool Finalizers::is_dead(const Roles& roles, const void* object) const {
  return !cage_.is_kept(roles.kept(), cage_.cell_of(object));
}

void Finalizers::collect_cleanups(const Roles& roles) {
  const std::lock_guard guard(lock_);
  const auto dead = std::stable_partition(cleanups_.begin(), cleanups_.end(),
                                          [&](const Cleaning& c) { return !is_dead(roles, c.object); });
  for (auto at = dead; at != cleanups_.end(); ++at) found_.push_back({nullptr, std::move(at->action), false});
  cleanups_.erase(dead, cleanups_.end());
}

void Finalizers::run_soon(Heap& heap, std::function<void()> action) {
  const std::lock_guard guard(lock_);
  queue_.push_back({nullptr, std::move(action), true});
  start_if_wanted(heap);
}

void Finalizers::wake(Heap& heap) {
  const std::lock_guard guard(lock_);
  for (Queued& item : found_) queue_.push_back(std::move(item));
  found_.clear();
  start_if_wanted(heap);
}

// Under lock_.
void Finalizers::start_if_wanted(Heap& heap) {
  if (queue_.empty()) return;
  if (!thread_.joinable() && !ending_) thread_ = sync::start_thread("memgc-final", [this, &heap] { run(heap); });
  wake_.notify_one();
}

void Finalizers::destroy(void* object) {
  const CellRef cell = cage_.cell_of(object);
  const Layout layout = layout_at(cage_.block(cell.block).layout);
  const DestroyFunction function = end_function(layout);
  const std::size_t header = end_array_header(layout);
  if (header == 0) {
    function(object, 1);
  } else {
    const std::size_t count = static_cast<std::atomic<std::size_t>*>(object)->load(std::memory_order_relaxed);
    function(static_cast<char*>(object) + header, count);
  }
}

void Finalizers::run_one(Queued& item) {
  if (item.object != nullptr) {
    destroy(item.object);
    return;
  }
  const char* what = "an unknown exception";
  try {
    item.action();
    return;
  } catch (const std::exception& error) {
    what = error.what();
    char line[256];
    const int length = std::snprintf(line, sizeof(line), "memgc: a cleanup threw, which nobody can catch: %s\n", what);
    if (length > 0) write_line(line, std::min(static_cast<std::size_t>(length), sizeof(line) - 1));
  } catch (...) {
    constexpr char kLine[] = "memgc: a cleanup threw something that is no std::exception, which nobody can catch\n";
    write_line(kLine, sizeof(kLine) - 1);
  }
}

void Finalizers::run(Heap& heap) {
  tid_.store(ThreadRecord::mine().tid, std::memory_order_relaxed);
  Mutator me(heap);  // cleanups may make objects
  for (;;) {
    Queued item;
    {
      const BlockingScope waiting(me);
      std::unique_lock guard(lock_);
      running_ = nullptr;
      if (busy_) ++done_;
      busy_ = false;
      all_done_.notify_all();
      wake_.wait(guard, [&] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      item = std::move(queue_.front());
      queue_.pop_front();
      running_ = item.object;
      busy_ = true;
    }
    std::optional<BlockingScope> aside;
    if (item.blocked) aside.emplace(me);
    run_one(item);
  }
}

void Finalizers::end_thread() {
  {
    const std::lock_guard guard(lock_);
    ending_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Finalizers::run_all(const Roles& roles) {
  std::deque<Queued> left;
  std::vector<Cleaning> cleanups;
  {
    const std::lock_guard guard(lock_);
    left.swap(queue_);
    cleanups.swap(cleanups_);
  }
  for_each_owed(roles, true, [&](void* object) { left.push_back({object, {}, false}); });
  for (Cleaning& cleaning : cleanups) left.push_back({nullptr, std::move(cleaning.action), false});
  for (Queued& item : left) run_one(item);
}

void Finalizers::forget_thread() {
  sync::renew(wake_);
  sync::renew(all_done_);
  if (sync::is_this_thread(thread_)) return;
  sync::renew(thread_);
  running_ = nullptr;
  if (busy_) ++done_;
  busy_ = false;
}

void Finalizers::wait(Heap& heap) {
  std::unique_lock guard(lock_);
  start_if_wanted(heap);  // in the child of a fork there may be something to run, and nobody to run it
  const std::uint64_t wanted = done_ + queue_.size() + (busy_ ? 1 : 0);
  all_done_.wait(guard, [&] { return done_ >= wanted || ending_ || !thread_.joinable(); });
}

std::uint64_t Finalizers::done() {
  const std::lock_guard guard(lock_);
  return done_;
}

std::size_t Finalizers::pending() {
  const std::lock_guard guard(lock_);
  return queue_.size() + (busy_ ? 1 : 0);
}

void owe_destructor(MutatorState& state, void* object) {
  auto& mutator = static_cast<MutatorImpl&>(state);
  Cage& cage = mutator.heap.cage();
  if (!cage.owe(cage.cell_of(object))) fatal("no memory to note that an object has a destructor");
}

}  // namespace memgc::internal

namespace memgc {

Cleanup::Cleanup(const void* object, std::function<void()> action) {
  heap_ = &internal::mutator_of(object, "Cleanup").heap;
  number_ = heap_->finalizers().add_cleanup(object, std::move(action));
}

bool Cleanup::cancel() { return heap_ != nullptr && heap_->finalizers().cancel_cleanup(number_); }

}  // namespace memgc
