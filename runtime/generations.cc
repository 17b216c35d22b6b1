// Job: see generations.h.
#include "runtime/generations.h"

#include <algorithm>

namespace memgc::internal {
namespace {

std::size_t difference(std::size_t a, std::size_t b) { return a > b ? a - b : 0; }

}  // namespace

void Generations::note(const CycleFound& found) {
  if (mode_ == Generational::off) return;
  if (found.minor) {
    note_minor(found);
  } else {
    note_full(found);
  }
}

void Generations::note_full(const CycleFound& found) {
  full_live_ = found.live;
  promoted_ = 0;
  full_yield_ = static_cast<double>(difference(found.ended, found.live)) /
                static_cast<double>(std::max<std::size_t>(found.work, 1));
  if (fulls_to_go_ > 0) --fulls_to_go_;
  const bool wanted = !found.limited && fulls_to_go_ <= 1 && (mode_ == Generational::on || predicts_pay(found));
  next_is_minor_ = wanted && fulls_to_go_ == 0 && found.remembered;
  remembers_ = mode_ == Generational::on || wanted;
}

// What a minor cycle in its stead would have freed and marked: whether that is better; and whether it would save enough
// for each byte made to pay for remembering the stores that come with it.
bool Generations::predicts_pay(const CycleFound& full) const {
  constexpr double kLeastSaved = 0.3;
  const std::size_t made = difference(full.ended, full.before);
  const std::size_t freed = std::min(difference(difference(full.ended, full.live), full.old_died), made);
  const std::size_t work = made - freed;
  return freed != 0 && static_cast<double>(freed) >= full_yield_ * static_cast<double>(work) &&
         static_cast<double>(difference(full.work, work)) >= kLeastSaved * static_cast<double>(made);
}

void Generations::note_minor(const CycleFound& found) {
  const std::size_t made = difference(found.ended, found.before);
  const std::size_t freed = difference(found.ended, found.live);
  promoted_ = difference(found.live, full_live_);
  if (made != 0) work_per_made_ = static_cast<double>(found.work) / static_cast<double>(made);
  const bool pays = freed != 0 && static_cast<double>(freed) >= full_yield_ * static_cast<double>(found.work);
  const bool has_room = promoted_ < difference(found.goal, full_live_) / 4 * 3;
  next_is_minor_ = pays && has_room;
  if (next_is_minor_) {
    pause_ = kShortestPause;
  } else if (pays || mode_ == Generational::on) {
    fulls_to_go_ = 1;
  } else {
    fulls_to_go_ = pause_;
    remembers_ = false;
    pause_ = std::min(4 * pause_, kLongestPause);
  }
}

std::size_t Generations::expected_work(std::size_t live, std::size_t goal) const {
  if (!next_is_minor_) return live;
  const double made = static_cast<double>(difference(goal, live));
  return std::min(live, static_cast<std::size_t>(std::min(work_per_made_ * made, 0x1p62)));
}

}  // namespace memgc::internal
