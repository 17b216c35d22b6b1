// Job: see stop_signals.h.
#include "stop_signals.h"

#include <cstddef>
#include <iterator>

namespace memgc::trace {
namespace {

volatile sig_atomic_t stop = 0;

}  // namespace

StopSignals::StopSignals() {
  static_assert(std::size(kSignals) == sizeof(old_) / sizeof(old_[0]));
  stop = 0;
  struct sigaction action = {};  // no SA_RESTART: poll() is to return
  action.sa_handler = [](int) { stop = 1; };
  for (std::size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &action, &old_[i]);
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &old_[i], nullptr);
}

bool StopSignals::raised() { return stop != 0; }

}  // namespace memgc::trace
