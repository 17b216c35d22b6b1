// Job: see waiting_sampler.h.
#include "runtime/waiting_sampler.h"

#include <mutex>
#include <new>

#include "runtime/call_stack.h"
#include "runtime/clock.h"
#include "runtime/thread_record.h"

namespace memgc {

const char* to_string(WaitKind kind) {
  switch (kind) {
    case WaitKind::kAssist:
      return "assist";
    case WaitKind::kMemory:
      return "memory";
    case WaitKind::kCollect:
      return "collect";
    case WaitKind::kHandshake:
      return "handshake";
    case WaitKind::kLock:
      return "lock";
  }
  return "?";
}

namespace internal {

WaitingSampler::WaitingSampler(std::uint64_t rate, std::uint64_t seed)
    : rate_(rate),
      seed_(seed != 0 ? seed : hash_with(now_ns(), reinterpret_cast<std::uintptr_t>(this))),
      made_ns_(now_ns()) {}

void WaitingSampler::begin(SamplePoints& points) {
  points.begin(rate_, hash_with(seed_, threads_.fetch_add(1, std::memory_order_relaxed)));
}

void WaitingSampler::add(WaitKind kind, std::uint64_t ns) {
  CallStack stack;
  stack.capture(ThreadRecord::mine());
  const double stands_for = 1 / SamplePoints::probability(rate_, ns);
  const std::lock_guard guard(lock_);
  try {
    const StackEntry* entry = stacks_.intern(stack.frames());
    const std::uint64_t hash = hash_with(static_cast<std::uint64_t>(kind), reinterpret_cast<std::uintptr_t>(entry));
    Site* site = sites_.find_or_add(
        hash, [&](const Site& other) { return other.stack == entry && other.kind == kind; }, entry, kind);
    memory_bytes_.store(stacks_.memory_bytes() + sites_.memory_bytes(), std::memory_order_relaxed);
    if (site != nullptr) {
      site->waits += stands_for;
      site->wait_ns += stands_for * static_cast<double>(ns);
      return;
    }
  } catch (const std::bad_alloc&) {
    // That nobody hears of it is counted.
  }
  ++lost_;
}

WaitingProfile WaitingSampler::profile() {
  WaitingProfile out;
  out.ns_per_sample = rate_;
  out.age_ns = elapsed_ns(made_ns_, now_ns());
  const std::lock_guard guard(lock_);
  out.lost_samples = lost_;
  for (const Site& site : sites_.entries()) {
    WaitingSite& to = out.sites.emplace_back();
    if (site.stack != nullptr) to.stack = site.stack->frames;
    to.kind = site.kind;
    to.waits = site.waits;
    to.wait_ns = site.wait_ns;
  }
  return out;
}

}  // namespace internal
}  // namespace memgc
