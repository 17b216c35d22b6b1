// The leaks that are known, of the whole process. Any thread.
#pragma once

#include <regex>
#include <vector>

#include "memgc/observe/leaks.h"

namespace memgc::observe {

class LeakFilters {
 public:
  // Throws ConfigError; then nothing is added.
  void add(const LeakFilter& filter);
  bool know(const Leak& leak) const;

 private:
  struct Filter {
    std::regex type, function, thread;
    LeakFilter text;  // which of them are given
  };
  std::vector<Filter> filters_;
};

// A copy of those that ignore_leaks() has added so far.
LeakFilters known_leaks();

}  // namespace memgc::observe
