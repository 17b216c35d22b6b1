// Job: see allocation_sampler.h.
#include "runtime/allocation_sampler.h"

#include <mutex>
#include <new>
#include <unordered_map>

#include "allocator/local_runs.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/type_info.h"
#include "runtime/call_stack.h"
#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/thread_record.h"

namespace memgc::internal {

AllocationSampler::Site::Site(const StackEntry* its_stack, const TypeInfo& its_type, bool is_array,
                              std::size_t its_bytes)
    : stack(its_stack), type(&its_type), name(its_type.name), array(is_array), bytes(its_bytes) {}

AllocationSampler::AllocationSampler(const Cage& cage, std::uint64_t rate, std::uint64_t seed)
    : cage_(cage),
      rate_(rate),
      seed_(seed != 0 ? seed : hash_with(now_ns(), reinterpret_cast<std::uintptr_t>(this))),
      made_ns_(now_ns()) {}

void AllocationSampler::begin(LocalRuns& runs) {
  runs.points().begin(rate_, hash_with(seed_, threads_.fetch_add(1, std::memory_order_relaxed)));
}

// Under lock_. Null if there are too many.
AllocationSampler::Site* AllocationSampler::site_of(const CallStack& stack, std::size_t bytes, const TypeInfo& type,
                                                    bool array) {
  const StackEntry* entry = stacks_.intern(stack.frames());
  std::uint64_t hash = hash_with(bytes * 2 + (array ? 1 : 0), reinterpret_cast<std::uintptr_t>(entry));
  hash = hash_with(hash, reinterpret_cast<std::uintptr_t>(&type));
  return sites_.find_or_add(
      hash,
      [&](const Site& site) {
        return site.stack == entry && site.type == &type && site.bytes == bytes && site.array == array;
      },
      entry, type, array, bytes);
}

void AllocationSampler::add(const void* cell, std::size_t bytes, const TypeInfo& type, bool array, const Roles& roles) {
  CallStack stack;
  stack.capture(ThreadRecord::mine());
  const std::uint32_t born = roles.swaps + (roles.keep == Keep::kNothing ? 0 : 1);
  const std::lock_guard guard(lock_);
  try {
    if (Site* site = site_of(stack, bytes, type, array); site != nullptr) {
      fresh_.push_back({cage_.cell_of(cell), born, site});
      ++site->made;
      return;
    }
  } catch (const std::bad_alloc&) {
    // The object is there; that nobody hears of it is counted.
  }
  ++lost_;
}

void AllocationSampler::judge(const Roles& roles) {
  if (rate_ == 0) return;
  schedule_point("judge samples");
  const std::lock_guard live(live_lock_);
  {
    const std::lock_guard guard(lock_);
    taken_.swap(fresh_);
  }
  try {
    live_.insert(live_.end(), taken_.begin(), taken_.end());
  } catch (const std::bad_alloc&) {
    const std::lock_guard guard(lock_);
    lost_ += taken_.size();
  }
  taken_.clear();
  const std::uint32_t cycle = judged_until_ = roles.swaps + 1;
  std::erase_if(live_, [&](const Sample& sample) {
    if (cage_.is_kept(roles.kept(), sample.cell)) return false;
    ++sample.site->died[lifetime_class(cycle - sample.born - 1)];
    return true;
  });
  note_memory();
}

// Under live_lock_.
void AllocationSampler::note_memory() {
  const std::lock_guard guard(lock_);
  const std::size_t samples = live_.capacity() + fresh_.size();
  memory_bytes_.store(stacks_.memory_bytes() + sites_.memory_bytes() + samples * sizeof(Sample),
                      std::memory_order_relaxed);
}

AllocationProfile AllocationSampler::profile() {
  AllocationProfile out;
  out.bytes_per_sample = rate_;
  out.age_ns = elapsed_ns(made_ns_, now_ns());
  const std::lock_guard live(live_lock_);
  const std::lock_guard guard(lock_);
  out.lost_samples = lost_;
  std::unordered_map<const Site*, std::size_t> place;
  for (const Site& site : sites_.entries()) {
    if (site.made == 0) continue;
    place.emplace(&site, out.sites.size());
    AllocationSite& to = out.sites.emplace_back();
    if (site.stack != nullptr) to.stack = site.stack->frames;
    to.type = site.name;
    to.array = site.array;
    to.object_bytes = site.bytes;
    to.scale = 1 / SamplePoints::probability(rate_, site.bytes);
    to.died = site.died;
  }
  const auto count = [&](const Sample& sample) {
    const std::uint32_t survived = judged_until_ > sample.born ? judged_until_ - sample.born : 0;
    ++out.sites[place.at(sample.site)].alive[lifetime_class(survived)];
  };
  for (const Sample& sample : live_) count(sample);
  for (const Sample& sample : fresh_) count(sample);
  return out;
}

void AllocationSampler::lock_for_fork() {
  live_lock_.lock();
  lock_.lock();
}

void AllocationSampler::unlock_after_fork() {
  lock_.unlock();
  live_lock_.unlock();
}

}  // namespace memgc::internal

namespace memgc {

AllocationProfile allocation_profile(Heap& heap) { return heap.impl().allocation_sampler().profile(); }
WaitingProfile waiting_profile(Heap& heap) { return heap.impl().waiting_sampler().profile(); }

}  // namespace memgc
