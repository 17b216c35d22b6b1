// What the page promises: every workload is on it, nothing on it is fetched or executed that the runner did not put
// there, and without a plotting library it still has the tables.
#include "runner/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace memgc_bench {
namespace {

using testing::HasSubstr;
using testing::Not;

Row row(const char* configuration) {
  Row result;
  result.configuration = configuration;
  result.runs = 1;
  result.medians = {{"wall_s", 1.5}, {"cpu_s", 1.25}, {"latency_p99_us", 77.7}, {"mean_mb", 4321}};
  result.cpu_ratio = 1.75;
  return result;
}

Summary summary() {
  Summary result;
  result.started = "2026-01-02T03:04:05Z";
  result.machine = {{"processor", "a <fast> one"}, {"processors", 2}};
  result.versions = {"memgc 1", "mimalloc 2"};
  result.workloads = {{"trees/depth:5", {row("mimalloc heap"), row("memgc 100")}}, {"cache/live:7", {row("memgc 50")}}};
  result.latencies = {{"cache_latency/live:7", {row("memgc 100")}, 1234}};
  return result;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(Page, HasATableOfEveryWorkload) {
  const std::string html = page(summary(), kPageTemplate, "");
  for (const char* workload : {"trees/depth:5", "cache/live:7", "cache_latency/live:7"}) {
    EXPECT_THAT(html, HasSubstr("<h2>" + std::string(workload) + "</h2>"));
    EXPECT_THAT(html, HasSubstr("<caption>" + std::string(workload)));
  }
  for (const char* text : {"2026-01-02T03:04:05Z", "mimalloc 2", "4321", "77.7", "1234 requests"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
}

TEST(Page, HasAChartPerWorkloadIfThereIsALibrary) {
  EXPECT_EQ(count(page(summary(), kPageTemplate, "var Chart;"), "<canvas"), 3u);
  const std::string without = page(summary(), kPageTemplate, "");
  EXPECT_EQ(count(without, "<canvas"), 0u);
  EXPECT_THAT(without, HasSubstr("No charts"));
}

TEST(Page, NothingIsFetched) {
  const std::string html = page(summary(), kPageTemplate, "");
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  for (const char* reference : {"http:", "https:", "src=", "href=", "<link", "@import", "url(", "fetch("}) {
    EXPECT_THAT(html, Not(HasSubstr(reference)));
  }
}

TEST(Page, TextIsEscaped) {
  Summary evil = summary();
  evil.workloads[0].workload = "</script><script>alert('\"')</script>";
  evil.workloads[0].rows[1].medians.clear();
  evil.workloads[0].rows[1].failure = "<b>\xff & {{data}}";
  const std::string html = page(evil, kPageTemplate, "var text = '</script>';");
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("<b>\xff")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;&quot;&#39;)"));
  EXPECT_THAT(html, HasSubstr("&amp; {{data}}"));
  EXPECT_EQ(count(html, "</script"), 3u);  // the template's own
  EXPECT_THAT(html, HasSubstr("a &lt;fast&gt; one"));
}

TEST(Page, TheLibraryIsTheWholeLibrary) {
  if (kChartLibrary[0] == '\0') GTEST_SKIP() << "built without Chart.js";
  EXPECT_THAT(std::string(kChartLibrary).substr(0, 200), HasSubstr("Chart.js v"));
  EXPECT_GT(std::string(kChartLibrary).size(), 100'000u);
}

TEST(Page, ATemplateWithAnUnknownNameIsAnError) {
  EXPECT_EQ(fill_template("a {{x}} b {{x}}", {{"x", "{{y}}"}}), "a {{y}} b {{y}}");
  EXPECT_THROW(fill_template("{{y}}", {{"x", "1"}}), std::runtime_error);
  EXPECT_THROW(fill_template("{{x", {{"x", "1"}}), std::runtime_error);
}

TEST(Page, WhatHasNoValueIsNull) {
  EXPECT_EQ(script_json({{"x", kNoValue}, {"y", "<!--"}}), "{\"x\":null,\"y\":\"\\u003c!--\"}");
}

}  // namespace
}  // namespace memgc_bench
