// Job: see difference.h.
#include "heap/difference.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace memgc::trace {
namespace {

// Types of both snapshots under the same numbers.
class Rows {
 public:
  std::vector<std::uint32_t> numbers_of(const Types& types) {
    std::vector<std::uint32_t> out;
    for (const std::string& name : types.names) {
      const auto [place, is_new] = numbers_.emplace(name, static_cast<std::uint32_t>(rows.size()));
      if (is_new) rows.emplace_back().type = name;
      out.push_back(place->second);
    }
    return out;
  }
  std::vector<DifferenceRow> rows;

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

using IdAndRow = std::pair<std::uint64_t, std::uint32_t>;

// The objects of a snapshot, sorted.
std::vector<IdAndRow> objects_of(const Snapshot& snapshot, const Types& types, const std::vector<std::uint32_t>& rows) {
  std::vector<IdAndRow> out;
  for (Snapshot::Node node = 0; node < snapshot.nodes(); ++node) {
    if (const std::uint32_t type = types.of_node[node]; type != Snapshot::kNone)
      out.emplace_back(snapshot.ids[node], rows[type]);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void count_only_in(const std::vector<IdAndRow>& these, const std::vector<IdAndRow>& those,
                   std::uint64_t DifferenceRow::*count, std::vector<DifferenceRow>& rows) {
  std::vector<IdAndRow> only;
  std::set_difference(these.begin(), these.end(), those.begin(), those.end(), std::back_inserter(only));
  for (const auto& [id, row] : only) ++(rows[row].*count);
}

}  // namespace

Difference::Difference(const Snapshot& before, const Snapshot& after) : by_id(before.memgc_base == after.memgc_base) {
  Rows rows;
  const Types types_before(before), types_after(after);
  const std::vector<std::uint32_t> rows_before = rows.numbers_of(types_before),
                                   rows_after = rows.numbers_of(types_after);
  const auto add = [&](const Snapshot& snapshot, const Types& from, const std::vector<std::uint32_t>& to,
                       std::uint64_t DifferenceRow::*objects, std::uint64_t DifferenceRow::*bytes) {
    for (Snapshot::Node node = 0; node < snapshot.nodes(); ++node) {
      if (from.of_node[node] == Snapshot::kNone) continue;
      DifferenceRow& row = rows.rows[to[from.of_node[node]]];
      ++(row.*objects);
      row.*bytes += snapshot.bytes[node];
    }
  };
  add(before, types_before, rows_before, &DifferenceRow::objects_before, &DifferenceRow::bytes_before);
  add(after, types_after, rows_after, &DifferenceRow::objects_after, &DifferenceRow::bytes_after);
  if (by_id) {
    const auto old_ones = objects_of(before, types_before, rows_before);
    const auto new_ones = objects_of(after, types_after, rows_after);
    count_only_in(new_ones, old_ones, &DifferenceRow::new_objects, rows.rows);
    count_only_in(old_ones, new_ones, &DifferenceRow::gone_objects, rows.rows);
  }
  types = std::move(rows.rows);
  for (const DifferenceRow& row : types) {
    all.objects_before += row.objects_before, all.objects_after += row.objects_after;
    all.bytes_before += row.bytes_before, all.bytes_after += row.bytes_after;
    all.new_objects += row.new_objects, all.gone_objects += row.gone_objects;
  }
  std::sort(types.begin(), types.end(), [](const DifferenceRow& a, const DifferenceRow& b) {
    return std::tuple(b.more_bytes(), b.more_objects(), std::string_view(a.type)) <
           std::tuple(a.more_bytes(), a.more_objects(), std::string_view(b.type));
  });
}

}  // namespace memgc::trace
