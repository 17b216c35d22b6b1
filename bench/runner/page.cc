#include "runner/page.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include "runner/plan.h"
#include "runner/report.h"

namespace memgc_bench {

namespace {

struct Column {
  std::string title;
  std::function<double(const Row&)> value;
  int digits = 2;
};

Column median_column(const std::string& title, const std::string& figure, int digits) {
  return {title, [figure](const Row& row) { return row.figure(figure); }, digits};
}

Column spread_column(const std::string& title, const std::string& figure) {
  return {title, [figure](const Row& row) { return row.spread_of(figure) * 100; }, 0};
}

Column ratio_column(const std::string& title, double Row::*ratio) {
  return {title, [ratio](const Row& row) { return row.*ratio; }, 2};
}

std::vector<Column> ratio_columns() {
  return {ratio_column("wall, × baseline", &Row::wall_ratio),
          ratio_column("CPU, × baseline", &Row::cpu_ratio),
          ratio_column("peak memory, × baseline", &Row::memory_ratio),
          ratio_column("mean memory, × baseline", &Row::mean_memory_ratio),
          ratio_column("wall, × ideal", &Row::wall_overhead),
          ratio_column("CPU, × ideal", &Row::cpu_overhead)};
}

std::vector<Column> cost_columns() {
  std::vector<Column> columns = {
      median_column("wall, s", "wall_s", 2),        spread_column("wall, ± %", "wall_s"),
      median_column("CPU, s", "cpu_s", 2),          spread_column("CPU, ± %", "cpu_s"),
      median_column("system, s", "sys_s", 2),       median_column("peak memory, MB", "peak_mb", 0),
      spread_column("peak memory, ± %", "peak_mb"), median_column("mean memory, MB", "mean_mb", 0)};
  for (Column& column : ratio_columns()) columns.push_back(std::move(column));
  columns.push_back(median_column("collector's CPU, s", "gc_cpu_s", 2));
  columns.push_back(median_column("cycles", "gc_cycles", 0));
  columns.push_back(median_column("stops p99.9, µs", "stop_p999_us", 0));
  columns.push_back(median_column("longest stop, µs", "stop_max_us", 0));
  return columns;
}

std::vector<Column> latency_columns() {
  std::vector<Column> columns;
  for (const LatencyFigure& figure : kLatencyFigures) {
    columns.push_back(median_column(fmt::format("{}, µs", figure.title), figure.name, 1));
    columns.push_back(spread_column(fmt::format("{}, ± %", figure.title), figure.name));
  }
  columns.push_back(median_column("requests done per s", "requests_per_s", 0));
  columns.push_back(median_column("peak memory, MB", "peak_mb", 0));
  columns.push_back(median_column("mean memory, MB", "mean_mb", 0));
  columns.push_back(median_column("cycles", "gc_cycles", 0));
  return columns;
}

std::string cell(double value, int digits) {
  return std::isfinite(value) ? fmt::format("<td>{:.{}f}</td>", value, digits) : "<td>–</td>";
}

std::string table_row(const Row& row, const std::vector<Column>& columns, bool has_figures) {
  std::string text = fmt::format("<tr><th scope=\"row\">{}</th>", escape_html(row.configuration));
  if (has_figures) {
    for (const Column& column : columns) text += cell(column.value(row), column.digits);
  } else {
    text +=
        fmt::format("<td class=\"failure\" colspan=\"{}\">failed: {}</td>", columns.size(), escape_html(row.failure));
  }
  text += "</tr>\n";
  if (has_figures && !row.failure.empty()) {
    text += fmt::format("<tr><td></td><td class=\"failure\" colspan=\"{}\">some runs failed: {}</td></tr>\n",
                        columns.size(), escape_html(row.failure));
  }
  return text;
}

std::string table(const std::string& caption, const std::vector<Row>& rows, const std::vector<Column>& columns) {
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption>\n"
      "<thead><tr><th scope=\"col\">configuration</th>",
      escape_html(caption));
  for (const Column& column : columns) text += fmt::format("<th scope=\"col\">{}</th>", escape_html(column.title));
  text += "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows) text += table_row(row, columns, !row.medians.empty() || row.failure.empty());
  return text + "</tbody></table></div>\n";
}

/// Where the page's script draws chart `index` of `kind`; nothing without a library.
std::string figure(bool charts, const std::string& kind, std::size_t index, const std::string& what) {
  if (!charts) return "";
  return fmt::format(
      "<figure><div class=\"chart\"><canvas role=\"img\" data-chart=\"{}\" data-index=\"{}\" aria-label=\"{}; the "
      "table "
      "below has the figures\"></canvas></div><figcaption>{}</figcaption></figure>\n",
      kind, index, escape_html(what), escape_html(what));
}

std::string ideal_note(const Ideal& ideal) {
  if (!std::isfinite(ideal.cpu_s) || !std::isfinite(ideal.wall_s)) return "";
  return fmt::format("<p>Ideal: {:.2f} s of CPU time ({}), {:.2f} s of wall time ({}).</p>\n", ideal.cpu_s,
                     escape_html(ideal.cpu_by), ideal.wall_s, escape_html(ideal.wall_by));
}

std::string workload_section(const WorkloadSummary& one, std::size_t index, bool charts) {
  return fmt::format("<section><h2>{}</h2>\n", escape_html(one.workload)) +
         figure(charts, "cost", index, fmt::format("{}: CPU time against peak memory", one.workload)) +
         ideal_note(ideal_of(one.rows)) + table(one.workload + ": medians", one.rows, cost_columns()) + "</section>\n";
}

std::string latency_section(const WorkloadSummary& one, std::size_t index, bool charts) {
  const std::string rate = std::isfinite(one.latency_rate)
                               ? fmt::format(
                                     "<p>{:.0f} requests are due a second: {:.0f} % of what the baseline "
                                     "managed one after the other.</p>\n",
                                     one.latency_rate, kLatencyShare * 100)
                               : "";
  return fmt::format("<section><h2>{}</h2>\n", escape_html(one.workload)) + rate +
         figure(charts, "latency", index, fmt::format("{}: latency by percentile", one.workload)) +
         table(one.workload + ": latency, medians", one.rows, latency_columns()) + "</section>\n";
}

std::string means_section(const Summary& summary, bool charts) {
  if (summary.means.empty()) return "";
  return fmt::format("<section><h2>Geometric means of {} workloads</h2>\n", summary.compared) +
         figure(charts, "means", 0, "Geometric means: CPU time against peak memory") +
         table("Geometric means of the ratios", summary.means, ratio_columns()) + "</section>\n";
}

std::string fact(std::string_view name, const std::string& value) {
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape_html(name), escape_html(value));
}

std::string facts(const Summary& summary) {
  std::string text = fact("date", summary.started);
  for (const auto& [name, value] : summary.machine.items()) {
    text += fact(name, value.is_string()         ? value.get<std::string>()
                       : value.is_number_float() ? fmt::format("{:.2f}", value.get<double>())
                                                 : value.dump());
  }
  text += fact("compiler", fmt::format("{}, {}", summary.compiler, summary.build_type));
  text += fact("allocators", fmt::format("{}", fmt::join(summary.versions, ", ")));
  text += fact("baseline", kBaseline);
  text += fact("repetitions", std::to_string(summary.repetitions));
  if (!summary.size_flags.empty()) text += fact("sizes", fmt::format("{}", fmt::join(summary.size_flags, " ")));
  if (!summary.missing.empty()) text += fact("not built", fmt::format("{}", fmt::join(summary.missing, ", ")));
  return text;
}

std::string sections(const Summary& summary, bool charts) {
  std::string text = means_section(summary, charts);
  for (std::size_t i = 0; i < summary.workloads.size(); ++i) {
    text += workload_section(summary.workloads[i], i, charts);
  }
  for (std::size_t i = 0; i < summary.latencies.size(); ++i) {
    text += latency_section(summary.latencies[i], i, charts);
  }
  return text;
}

/// A library's text as it can stand in a script element: only its strings could hold an end of the element.
std::string script_text(std::string_view library) {
  std::string text;
  for (std::size_t at = 0; at < library.size(); ++at) {
    text += library[at];
    if (library.substr(at, 2) == "</") text += '\\';
  }
  return text;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string script_json(const nlohmann::ordered_json& json) {
  std::string result;
  for (const char c : json.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace)) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

std::string fill_template(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string result;
  for (std::size_t from = 0;;) {
    const std::size_t open = text.find("{{", from);
    result += text.substr(from, open - from);
    if (open == std::string_view::npos) return result;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) throw std::runtime_error("page template: {{ without }}");
    const auto value = values.find(std::string(text.substr(open + 2, close - open - 2)));
    if (value == values.end()) {
      throw std::runtime_error(fmt::format("page template: no value for {}", text.substr(open, close + 2 - open)));
    }
    result += value->second;
    from = close + 2;
  }
}

std::string page(const Summary& summary, std::string_view page_template, std::string_view library) {
  const bool charts = !library.empty();
  return fill_template(page_template,
                       {{"date", escape_html(summary.started)},
                        {"facts", facts(summary)},
                        {"sections", sections(summary, charts)},
                        {"no_charts", charts ? ""
                                             : "<p class=\"failure\">No charts: the program that wrote this page was "
                                               "built without Chart.js (Debian: libjs-chart.js).</p>"},
                        {"data", script_json(to_json(summary))},
                        {"library", script_text(library)}});
}

}  // namespace memgc_bench
