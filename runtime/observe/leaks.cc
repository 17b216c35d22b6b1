// What there is more of than before, without what is known; see memgc/observe/leaks.h.
#include "memgc/observe/leaks.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "memgc/profile.h"
#include "runtime/inventory.h"
#include "runtime/observe/leak_filters.h"
#include "runtime/observe/symbolizer.h"

namespace memgc {
namespace {

using internal::HeldHeap;
using internal::HeldObjects;
using internal::Inventory;

using Counts = std::map<std::string, std::size_t>;

Counts count(const std::vector<std::string>& names) {
  Counts out;
  for (const std::string& name : names) ++out[name];
  return out;
}

// f(name, how many more) for what there is more of.
template <class F>
void for_each_more(const std::vector<std::string>& now, const std::vector<std::string>& before, F&& f) {
  Counts old = count(before);
  for (const auto& [name, many] : count(now)) {
    if (many > old[name]) f(name, many - old[name]);
  }
}

// What tells one allocation site from another.
using SiteKey = std::tuple<std::string, std::size_t, std::vector<const void*>>;
using Sites = std::map<SiteKey, double>;

// "Node", "Array<Node>": as HeldObjects::type has them, or parts of it.
std::string type_of(const AllocationSite& site) { return site.array ? "Array<" + site.type + ">" : site.type; }

Sites live_sites(Heap& heap) {
  Sites out;
  for (const AllocationSite& site : allocation_profile(heap).sites) {
    if (site.live_objects() > 0) out[{type_of(site), site.object_bytes, site.stack}] += site.live_objects();
  }
  return out;
}

std::vector<std::string> split_types(const std::string& names) {
  constexpr std::string_view kBetween = " | ";
  std::vector<std::string> out;
  std::size_t at = 0;
  for (std::size_t end; (end = names.find(kBetween, at)) != std::string::npos; at = end + kBetween.size()) {
    out.push_back(names.substr(at, end - at));
  }
  out.push_back(names.substr(at));
  return out;
}

}  // namespace

struct LeakBaseline::Stock {
  Inventory inventory;
  std::map<std::uint64_t, Sites> sites;  // by heap

  explicit Stock(Inventory taken) : inventory(std::move(taken)) {
    for (const HeldHeap& held : inventory.heaps) sites[held.number] = live_sites(*held.heap);
  }
  Stock() = default;

  const HeldHeap& heap(std::uint64_t number) const {
    static const HeldHeap none;
    for (const HeldHeap& held : inventory.heaps) {
      if (held.number == number) return held;
    }
    return none;
  }
};

namespace {

// Functions of a call stack, without the library's own at its beginning. Finding the first takes a while.
class StackNames {
 public:
  std::vector<std::string> functions(const std::vector<const void*>& stack) {
    if (!symbolizer_) symbolizer_.emplace();
    std::vector<std::string> out;
    for (const void* frame : stack) {
      for (const observe::SourceLine& line : symbolizer_->lines_of(frame)) {
        if (out.empty() && observe::is_memgc_frame(line.function)) continue;
        const std::string place = line.line == 0 ? "" : " " + line.file + ":" + std::to_string(line.line);
        out.push_back(line.function + place);
      }
    }
    return out;
  }

 private:
  std::optional<observe::Symbolizer> symbolizer_;
};

// Compares the objects of one heap.
class ObjectsLeft {
 public:
  ObjectsLeft(const HeldHeap& now, const HeldHeap& before, Sites sites, const Sites& sites_before, StackNames& names,
              LeakReport& report)
      : now_(now), names_(names), report_(report), sites_(std::move(sites)) {
    for (const HeldObjects& held : before.objects) before_[held.type] = held;
    for (auto& [site, live] : sites_) {
      if (const auto old = sites_before.find(site); old != sites_before.end()) live -= old->second;
    }
  }

  void find(const observe::LeakFilters& filters) {
    for (const HeldObjects& held : now_.objects) {
      const HeldObjects& old = before_[held.type];
      if (held.count > old.count) {
        add(report_.leaks, filters, leak(held, held.count - old.count, held.bytes - std::min(held.bytes, old.bytes)));
      } else if (held.count_by_stacks > old.count_by_stacks) {
        add(report_.by_stacks_only, filters,
            leak(held, held.count_by_stacks - old.count_by_stacks,
                 held.bytes_by_stacks - std::min(held.bytes_by_stacks, old.bytes_by_stacks)));
      }
    }
  }

 private:
  Leak leak(const HeldObjects& held, std::size_t more, std::size_t bytes) const {
    Leak out;
    out.heap = now_.number;
    out.type = held.type;
    out.count = more;
    out.bytes = bytes;
    return out;
  }

  // One for each stack that is known, and one for the rest.
  void add(std::vector<Leak>& to, const observe::LeakFilters& filters, Leak all) {
    const std::vector<std::string> types = split_types(all.type);
    const std::size_t each = all.bytes / all.count;
    for (auto& [site, live] : sites_) {
      const auto& [type, bytes, stack] = site;
      const auto here = std::min(all.count, static_cast<std::size_t>(std::max(live + 0.5, 0.0)));
      if (here == 0 || std::find(types.begin(), types.end(), type) == types.end()) continue;
      Leak part = all;
      part.type = type;
      part.count = here;
      part.bytes = here * bytes;
      part.stack = names_.functions(stack);
      live -= static_cast<double>(here);
      all.count -= here;
      if (!filters.know(part)) to.push_back(std::move(part));
    }
    if (all.count == 0) return;
    all.bytes = all.count * each;
    if (!filters.know(all)) to.push_back(std::move(all));
  }

  const HeldHeap& now_;
  StackNames& names_;
  LeakReport& report_;
  Sites sites_;  // how many more there are
  std::map<std::string, HeldObjects> before_;
};

void find_in_heap(const HeldHeap& now, const HeldHeap& before, const observe::LeakFilters& filters,
                  LeakReport& report) {
  const auto add = [&](Leak leak) {
    leak.heap = now.number;
    if (!filters.know(leak)) report.leaks.push_back(std::move(leak));
  };
  const std::string which = "heap " + std::to_string(now.number);
  for_each_more(now.mutators, before.mutators, [&](const std::string& thread, std::size_t more) {
    add({LeakKind::kMutator, 0, more, 0, {}, thread, {}});
  });
  for_each_more(now.cleanups, before.cleanups, [&](const std::string& type, std::size_t more) {
    add({LeakKind::kCleanup, 0, more, 0, type, {}, {}});
  });
  if (now.overdue != 0) {
    report.problems.push_back(which + ": " + std::to_string(now.overdue) +
                              " destructors or cleanups were due and have not run in time");
  }
  if (!now.counted) {
    report.problems.push_back(which + ": objects were not counted, for a thread did not come to a safepoint in time");
  }
}

void find_outside(const Inventory& now, const Inventory& before, const observe::LeakFilters& filters,
                  LeakReport& report) {
  const auto add = [&](std::size_t& left, Leak leak) {
    leak.count = std::min(leak.count, left);
    left -= leak.count;
    if (leak.count != 0 && !filters.know(leak)) report.leaks.push_back(std::move(leak));
  };
  // A Root that was there before and has got something to refer to since is none that was left: their number tells.
  std::size_t roots = now.roots - std::min(now.roots, before.roots);
  for_each_more(now.root_targets, before.root_targets, [&](const std::string& type, std::size_t more) {
    add(roots, {LeakKind::kRoot, 0, more, 0, type, {}, {}});
  });
  add(roots, {LeakKind::kRoot, 0, roots, 0, "null", {}, {}});
  std::size_t ranges = now.root_ranges - std::min(now.root_ranges, before.root_ranges);
  for_each_more(now.root_range_threads, before.root_range_threads, [&](const std::string& thread, std::size_t more) {
    add(ranges, {LeakKind::kRootRange, 0, more, 0, {}, thread, {}});
  });
  add(ranges, {LeakKind::kRootRange, 0, ranges, 0, {}, "one that is attached to no heap", {}});
}

std::string line_of(const Leak& leak) {
  const auto plural = [&](const char* one, const char* more) {
    return std::to_string(leak.count) + " " + (leak.count == 1 ? one : more);
  };
  switch (leak.kind) {
    case LeakKind::kMutator:
      return plural("Mutator", "Mutators") + " of heap " + std::to_string(leak.heap) + ", on thread " + leak.thread;
    case LeakKind::kRoot:
      return plural("Root that refers to ", "Roots that refer to ") + leak.type;
    case LeakKind::kRootRange:
      return plural("RootRange", "RootRanges") + " of thread " + leak.thread;
    case LeakKind::kCleanup:
      return plural("Cleanup", "Cleanups") + " of " + leak.type + ", in heap " + std::to_string(leak.heap);
    case LeakKind::kObjects:
      return plural("object", "objects") + " of type " + leak.type + ", " + std::to_string(leak.bytes) +
             " bytes, in heap " + std::to_string(leak.heap);
  }
  return {};
}

}  // namespace

std::string LeakReport::text() const {
  std::string out;
  const auto add = [&](const std::vector<Leak>& list, const char* note) {
    for (const Leak& leak : list) {
      out += "  " + line_of(leak) + note + "\n";
      for (const std::string& function : leak.stack) out += "      " + function + "\n";
    }
  };
  add(leaks, "");
  add(by_stacks_only, "; no leak: only words on stacks keep it, which may be stale");
  for (const std::string& problem : problems) out += "  " + problem + "\n";
  return out;
}

LeakBaseline leak_baseline(std::chrono::nanoseconds patience) {
  LeakBaseline out;
  out.stock_ = std::make_shared<LeakBaseline::Stock>(internal::take_inventory(patience));
  return out;
}

LeakReport find_leaks(const LeakBaseline& since, std::chrono::nanoseconds patience) {
  static const LeakBaseline::Stock nothing;
  const LeakBaseline::Stock& before = since.stock_ != nullptr ? *since.stock_ : nothing;
  const LeakBaseline::Stock now(internal::take_inventory(patience));
  const observe::LeakFilters filters = observe::known_leaks();
  LeakReport report;
  StackNames names;
  for (const HeldHeap& held : now.inventory.heaps) {
    const HeldHeap& old = before.heap(held.number);
    find_in_heap(held, old, filters, report);
    const auto sites_before = before.sites.find(held.number);
    ObjectsLeft(held, old, now.sites.at(held.number),
                sites_before != before.sites.end() ? sites_before->second : Sites(), names, report)
        .find(filters);
  }
  find_outside(now.inventory, before.inventory, filters, report);
  return report;
}

}  // namespace memgc
