// Job: see blocks.h.
#include "blocks.h"

#include <algorithm>
#include <cmath>

namespace memgc::trace {
namespace {

constexpr double kLeastMs = 0.0005;

// From the beginning of `from` to that of `to`.
void add_stretch(Block& block, const Cycle& from, const Cycle& to) {
  const double seconds = to.begin_seconds - from.begin_seconds;
  block.stretches += 1;
  block.seconds += seconds;
  block.processor_ms += seconds * 1000 * from.processors;
  block.gc_ms += from.paid_cpu_ms();
  block.allocated_mib += std::max(from.end_mib - from.start_mib, 0.0) + std::max(to.start_mib - from.live_mib, 0.0);
}

Block block_of(const Cycle& cycle) {
  Block out;
  out.cycles = 1;
  out.cost_ms = cycle.paid_cpu_ms();
  out.assist_ms = cycle.assist_cpu_ms;
  out.marking_ms = cycle.concurrent_ms;
  out.live_mib = cycle.live_mib;
  out.stop_ms = cycle.opening_stop_ms + cycle.closing_stop_ms;
  out.peak_mib = cycle.end_mib;
  out.longest_stop_ms = cycle.longest_stop_ms();
  out.stops.add(cycle.opening_stop_ms);
  out.stops.add(cycle.closing_stop_ms);
  return out;
}

void close_block(SideRun& run) {
  run.blocks.push_back(run.open);
  run.open = Block{};
  if (run.blocks.size() < Side::kMostBlocks) return;
  for (std::size_t i = 0; i < run.blocks.size() / 2; ++i) {
    Block joined = run.blocks[2 * i];
    joined.add(run.blocks[2 * i + 1]);
    run.blocks[i] = joined;
  }
  run.blocks.resize(run.blocks.size() / 2);
  run.per_block *= 2;
}

}  // namespace

void StopCounts::add(double ms) {
  const double step = std::log2(std::max(ms, kLeastMs) / kLeastMs) * kSteps;
  buckets_[std::min(static_cast<std::size_t>(std::lround(step)), kBuckets - 1)] += 1;
  count_ += 1;
}

void StopCounts::add(const StopCounts& other, double weight) {
  const auto times = static_cast<float>(weight);
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += times * other.buckets_[i];
  count_ += weight * other.count_;
}

double StopCounts::quantile_ms(double q) const {
  double left = std::ceil(q * count_);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    left -= static_cast<double>(buckets_[i]);
    if (left <= 0 && count_ > 0) return i == 0 ? 0 : kLeastMs * std::exp2(static_cast<double>(i) / kSteps);
  }
  return 0;
}

void Block::add(const Block& other, double weight) {
  for (const auto field :
       {&Block::cycles, &Block::stretches, &Block::seconds, &Block::processor_ms, &Block::gc_ms, &Block::allocated_mib,
        &Block::cost_ms, &Block::assist_ms, &Block::marking_ms, &Block::live_mib, &Block::stop_ms}) {
    this->*field += weight * other.*field;
  }
  peak_mib = std::max(peak_mib, other.peak_mib);
  longest_stop_ms = std::max(longest_stop_ms, other.longest_stop_ms);
  stops.add(other.stops, weight);
}

void Side::add(const Cycle& cycle) {
  const std::uint64_t id = file_ << 32 | cycle.run;
  if (!runs_.contains(id) && runs_.size() >= kMostRuns) {
    ++left_out_;
    return;
  }
  SideRun& run = runs_[id];
  ++cycles_;
  // The stretch belongs to the block of the cycle that ends it, but for its time and cost, which are the one before's.
  Block one = block_of(cycle);
  if (run.last && cycle.lost_before == 0) add_stretch(one, *run.last, cycle);
  run.open.add(one);
  run.total.add(one);
  run.last = cycle;
  if (run.open.cycles >= run.per_block) close_block(run);
}

void Side::finish() {
  for (auto& [id, run] : runs_) {
    // A short rest would weigh as much as a block when blocks are drawn.
    if (run.open.cycles * 2 >= run.per_block)
      run.blocks.push_back(run.open);
    else if (!run.blocks.empty() && run.open.cycles > 0)
      run.blocks.back().add(run.open);
    run.open = Block{};
  }
}

}  // namespace memgc::trace
