// Job: SIGINT, SIGTERM and SIGHUP ask a live view to end, instead of ending the program.
//
// A view holds one of these for longer than it holds the terminal, so that there is no moment at which a signal leaves
// the terminal as it is. One thread, one object at a time.
#pragma once

#include <signal.h>

namespace memgc::trace {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  static bool raised();  // since the object was made

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction old_[3] = {};
};

}  // namespace memgc::trace
