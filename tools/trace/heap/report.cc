// Job: see report.h.
#include "heap/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "figures.h"
#include "heap/path.h"

namespace memgc::trace {
namespace {

using nlohmann::ordered_json;

// Names are whatever a program had in its memory: nothing of them moves the cursor or makes a second line.
std::string printable(std::string_view name, std::size_t most = 120) {
  std::string out;
  for (const char c : name.substr(0, most)) out += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c;
  while (name.size() > most && !out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
  return name.size() > most ? out + "..." : out;
}

std::string csv_field(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string of_bytes(std::uint64_t bytes) { return trace::of_bytes(static_cast<double>(bytes)); }

std::string share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "-" : fmt::format("{:.1f} %", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

void print_json(std::FILE* out, const ordered_json& json) {
  fmt::print(out, "{}\n", json.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

// Leaves the rows that are wanted, and says how many of the right type the limit took away.
template <typename Row>
std::size_t select(const HeapReportOptions& options, std::vector<Row>& rows) {
  if (!options.type.empty()) {
    const std::regex wanted(options.type);
    std::erase_if(rows, [&](const Row& row) { return !std::regex_search(row.type, wanted); });
  }
  const std::size_t most = options.top.value_or(options.json || options.csv ? rows.size() : 20);
  const std::size_t rest = rows.size() - std::min(rows.size(), most);
  rows.resize(rows.size() - rest);
  return rest;
}

void print_rest(std::FILE* out, std::size_t rest) {
  if (rest > 0) fmt::print(out, "{} more types: --top\n", rest);
}

ordered_json to_json(const Census& census) {
  auto types = ordered_json::array(), roots = ordered_json::array();
  for (const TypeRow& row : census.types) {
    types.push_back({{"type", row.type},
                     {"objects", row.objects},
                     {"shallow_bytes", row.bytes},
                     {"retained_bytes", row.retained_bytes}});
  }
  for (const RootRow& row : census.roots)
    roots.push_back({{"kind", row.kind}, {"objects", row.objects}, {"retained_bytes", row.retained_bytes}});
  return {{"objects", census.objects},
          {"shallow_bytes", census.bytes},
          {"unreached_objects", census.unreached_objects},
          {"unreached_bytes", census.unreached_bytes},
          {"types", types},
          {"roots", roots}};
}

void print_census_text(std::FILE* out, const Census& census, std::size_t rest) {
  fmt::print(out, "{} objects of {} types, {} in all.\n", census.objects, census.types.size() + rest,
             of_bytes(census.bytes));
  if (census.unreached_objects > 0)
    fmt::print(out, "No root leads to {} of them, {}, but by weak edges: nothing retains these.\n",
               census.unreached_objects, of_bytes(census.unreached_bytes));
  fmt::print(out, "\n{:>10} {:>10} {:>7} {:>10} {:>7}  type; shares are of all bytes\n", "objects", "shallow", "",
             "retained", "");
  for (const TypeRow& row : census.types)
    fmt::print(out, "{:>10} {:>10} {:>7} {:>10} {:>7}  {}\n", row.objects, of_bytes(row.bytes),
               share(row.bytes, census.bytes), of_bytes(row.retained_bytes), share(row.retained_bytes, census.bytes),
               printable(row.type));
  print_rest(out, rest);
  fmt::print(out, "\n{:>10} {:>18} {:>10} {:>7}  roots\n", "leads to", "", "retained", "");
  for (const RootRow& row : census.roots)
    fmt::print(out, "{:>10} {:>18} {:>10} {:>7}  {}\n", row.objects, "", of_bytes(row.retained_bytes),
               share(row.retained_bytes, census.bytes), printable(row.kind));
}

ordered_json to_json(const Difference& difference) {
  const auto row_json = [&](const DifferenceRow& row) {
    ordered_json out;
    if (!row.type.empty()) out["type"] = row.type;
    out["objects_before"] = row.objects_before, out["objects_after"] = row.objects_after;
    out["objects_difference"] = row.more_objects();
    out["bytes_before"] = row.bytes_before, out["bytes_after"] = row.bytes_after;
    out["bytes_difference"] = row.more_bytes();
    if (difference.by_id) out["new_objects"] = row.new_objects, out["gone_objects"] = row.gone_objects;
    return out;
  };
  ordered_json out = row_json(difference.all);
  out["types"] = ordered_json::array();
  for (const DifferenceRow& row : difference.types) out["types"].push_back(row_json(row));
  return out;
}

void print_difference_csv(std::FILE* out, const Difference& difference) {
  fmt::print(out, "type,objects_before,objects_after,objects_difference,bytes_before,bytes_after,bytes_difference{}\n",
             difference.by_id ? ",new_objects,gone_objects" : "");
  for (const DifferenceRow& row : difference.types) {
    fmt::print(out, "{},{},{},{},{},{},{}", csv_field(row.type), row.objects_before, row.objects_after,
               row.more_objects(), row.bytes_before, row.bytes_after, row.more_bytes());
    fmt::print(out, "{}\n", difference.by_id ? fmt::format(",{},{}", row.new_objects, row.gone_objects) : "");
  }
}

void print_difference_text(std::FILE* out, const Difference& difference, std::size_t rest) {
  const auto line = [&](const DifferenceRow& row, const std::string& name) {
    const auto by_id = [&](std::uint64_t count) { return difference.by_id ? fmt::to_string(count) : std::string("-"); };
    fmt::print(out, "{:>10} {:>10} {:>+10} {:>10} {:>10} {:>10} {:>10} {:>10}  {}\n", row.objects_before,
               row.objects_after, row.more_objects(), by_id(row.new_objects), by_id(row.gone_objects),
               of_bytes(row.bytes_before), of_bytes(row.bytes_after),
               trace::of_bytes(static_cast<double>(row.more_bytes()), "+"), name);
  };
  if (!difference.by_id) fmt::print(out, "Of two processes: which objects are new cannot be said.\n\n");
  fmt::print(out, "{:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}  type\n", "objects", "after", "difference",
             "new", "gone", "bytes", "after", "difference");
  for (const DifferenceRow& row : difference.types) line(row, printable(row.type));
  print_rest(out, rest);
  line(difference.all, "all");
}

}  // namespace

void print_census(std::FILE* out, const HeapReportOptions& options, Census census) {
  const std::size_t rest = select(options, census.types);
  if (options.json) return print_json(out, to_json(census));
  if (!options.csv) return print_census_text(out, census, rest);
  fmt::print(out, "type,objects,shallow_bytes,retained_bytes\n");
  for (const TypeRow& row : census.types)
    fmt::print(out, "{},{},{},{}\n", csv_field(row.type), row.objects, row.bytes, row.retained_bytes);
}

void print_difference(std::FILE* out, const HeapReportOptions& options, Difference difference) {
  const std::size_t rest = select(options, difference.types);
  if (options.json) return print_json(out, to_json(difference));
  if (options.csv) return print_difference_csv(out, difference);
  print_difference_text(out, difference, rest);
}

void print_path(std::FILE* out, const HeapReportOptions& options, const Snapshot& snapshot, const Types& types,
                const Dominators& dominators, Snapshot::Node to) {
  const auto name_of = [&](Snapshot::Node node) {
    const std::string name(snapshot.strings[snapshot.names[node]]);
    const std::uint32_t type = types.of_node[node];
    return type == Snapshot::kNone || types.names[type] == name ? name : types.names[type] + " " + name;
  };
  const std::vector<Step> path = shortest_path(snapshot, to);
  if (options.json) {
    auto steps = ordered_json::array();
    for (const Step& step : path) {
      steps.push_back({{"edge", edge_text(snapshot, step.edge)},
                       {"id", snapshot.ids[step.to]},
                       {"object", name_of(step.to)},
                       {"shallow_bytes", snapshot.bytes[step.to]},
                       {"retained_bytes", dominators.retained[step.to]}});
    }
    return print_json(out, {{"id", snapshot.ids[to]}, {"object", name_of(to)}, {"path", steps}});
  }
  fmt::print(out, "{} @{}: {}, retains {}; {} edges from the root\n", printable(name_of(to)), snapshot.ids[to],
             of_bytes(snapshot.bytes[to]), of_bytes(dominators.retained[to]), path.size());
  for (const Step& step : path) {
    fmt::print(out, "  {:<24} {} @{}, retains {}\n", printable(edge_text(snapshot, step.edge)),
               printable(name_of(step.to)), snapshot.ids[step.to], of_bytes(dominators.retained[step.to]));
  }
}

}  // namespace memgc::trace
