// Job: one page of HTML that shows a whole run: charts, tables, machine and versions, with nothing to fetch.
//
// Invariant: whatever a program or a machine calls itself is escaped, and the page forbids the browser to load
// anything. Pure functions.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "runner/summary.h"

namespace memgc_bench {

// Compiled in: page.html, and the plotting library that was found when the build was configured (empty: none was).
extern const char kPageTemplate[];
extern const char kChartLibrary[];

/// Text for an element or a quoted attribute.
std::string escape_html(std::string_view text);

/// JSON that can stand in a script element: nothing in it ends the element.
std::string script_json(const nlohmann::ordered_json& json);

/// Replaces every {{name}} of a template, once: values are not looked at again. Throws std::runtime_error on a name
/// that has no value.
std::string fill_template(std::string_view text, const std::map<std::string, std::string>& values);

/// The page. Without a `library` (JavaScript, Chart.js) it has tables only, and says so.
std::string page(const Summary& summary, std::string_view page_template, std::string_view library);

}  // namespace memgc_bench
