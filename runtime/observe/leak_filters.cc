// Job: see leak_filters.h.
#include "runtime/observe/leak_filters.h"

#include <algorithm>
#include <mutex>
#include <string>

namespace memgc::observe {
namespace {

struct Known {
  std::mutex lock;
  LeakFilters filters;
};
Known& known() {
  static Known& forever = *new Known;  // a static object's destructor may still look for leaks
  return forever;
}

std::regex expression(const char* field, const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& error) {
    throw ConfigError(std::string("memgc: LeakFilter::") + field + " is '" + text +
                      "': accepted is an ECMAScript regular expression: " + error.what());
  }
}

}  // namespace

void LeakFilters::add(const LeakFilter& filter) {
  if (filter.type.empty() && filter.function.empty() && filter.thread.empty()) {
    throw ConfigError("memgc: an empty LeakFilter: accepted is one that names a type, a function or a thread");
  }
  filters_.push_back({expression("type", filter.type), expression("function", filter.function),
                      expression("thread", filter.thread), filter});
}

bool LeakFilters::know(const Leak& leak) const {
  const auto in_stack = [&](const std::regex& wanted) {
    return std::any_of(leak.stack.begin(), leak.stack.end(),
                       [&](const std::string& function) { return std::regex_search(function, wanted); });
  };
  return std::any_of(filters_.begin(), filters_.end(), [&](const Filter& filter) {
    return (filter.text.type.empty() || std::regex_search(leak.type, filter.type)) &&
           (filter.text.function.empty() || in_stack(filter.function)) &&
           (filter.text.thread.empty() || std::regex_search(leak.thread, filter.thread));
  });
}

LeakFilters known_leaks() {
  const std::lock_guard guard(known().lock);
  return known().filters;
}

}  // namespace memgc::observe

namespace memgc {

void ignore_leaks(const LeakFilter& filter) {
  observe::LeakFilters more;
  more.add(filter);  // a malformed one throws here
  observe::Known& all = observe::known();
  const std::lock_guard guard(all.lock);
  all.filters.add(filter);
}

}  // namespace memgc
