// Job: see gc_cpu.h.
#include "runtime/gc_cpu.h"

#include <algorithm>

#include "runtime/clock.h"
#include "runtime/line_text.h"

namespace memgc::internal {

void GcCpu::begin_cycle() {
  note(helper_ns_, assist_ns_, false);
  helper_ns_ = assist_ns_ = 0;
}

bool GcCpu::note(std::uint64_t helper_ns, std::uint64_t assist_ns, bool stopped) {
  const std::uint64_t now = now_ns(), process = process_cpu_ns(), thread = thread_cpu_ns();
  const std::uint64_t wall = elapsed_ns(noted_ns_, now);
  const std::uint64_t background = elapsed_ns(thread_ns_, thread) + elapsed_ns(helper_ns_, helper_ns);
  const std::uint64_t assist = elapsed_ns(assist_ns_, assist_ns);
  const std::uint64_t all = elapsed_ns(process_ns_, process);
  const bool first = noted_ns_ == 0;
  noted_ns_ = now;
  process_ns_ = process;
  thread_ns_ = thread;
  helper_ns_ = helper_ns;
  assist_ns_ = assist_ns;
  total_ns_.fetch_add(background + assist, std::memory_order_relaxed);
  if (first) return false;  // nothing to compare with

  const std::uint64_t share = wall * processors_ / 4;
  const std::uint64_t billed = (stopped ? wall * processors_ : std::min(background, share)) + assist;
  billed_ns_.fetch_add(billed, std::memory_order_relaxed);
  const bool before = limiting();
  if (before) limited_ns_.fetch_add(wall, std::memory_order_relaxed);
  limiter_.add(billed, elapsed_ns(background + assist, all));
  const bool after = limiter_.limiting() && !keep_limit_;
  if (after && !before) limited_times_.fetch_add(1, std::memory_order_relaxed);
  limiting_.store(after, std::memory_order_relaxed);
  pressed_.store(limiter_.fill_ns() > limiter_.capacity_ns() / 2 && !keep_limit_, std::memory_order_relaxed);
  return after && !before;
}

bool GcCpu::may_warn() {
  constexpr std::uint64_t kMinuteNs = 60'000'000'000;
  const std::uint64_t now = now_ns();
  if (warned_ns_ != 0 && now - warned_ns_ < kMinuteNs) return false;
  warned_ns_ = now;
  return true;
}

std::size_t format_limit_warning(char* out, std::size_t live, std::size_t limit) {
  char* at = put_mb(put(out, "memgc: MEMLIMIT of "), limit);
  at = put_mb(put(at, " MiB leaves no room above a live heap of "), live);
  at = put(at, " MiB: collecting takes up to half of the CPU time, and memory passes the limit\n");
  return static_cast<std::size_t>(at - out);
}

}  // namespace memgc::internal
