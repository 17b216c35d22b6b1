// Job: how two snapshots differ, by type.
//
// An id stays an object's for as long as it lives, so what of the second has an id that was no object of its type in
// the first is new, and the other way round gone; but a dead object's id may be given to a new one of its type, which
// then counts as neither. Ids of different processes mean nothing to each other: by_id says whether they were compared;
// of heaps of memgc's the cage's address tells, of V8's nothing does. Sizes are sums of what objects take themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heap/snapshot.h"

namespace memgc::trace {

struct DifferenceRow {
  std::string type;
  std::uint64_t objects_before = 0, objects_after = 0, bytes_before = 0, bytes_after = 0;
  std::uint64_t new_objects = 0, gone_objects = 0;

  std::int64_t more_objects() const { return static_cast<std::int64_t>(objects_after - objects_before); }
  std::int64_t more_bytes() const { return static_cast<std::int64_t>(bytes_after - bytes_before); }
};

struct Difference {
  Difference(const Snapshot& before, const Snapshot& after);

  bool by_id = false;
  DifferenceRow all;
  std::vector<DifferenceRow> types;  // what grew most comes first, what shrank most last
};

}  // namespace memgc::trace
