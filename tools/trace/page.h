// Job: the parts of a report's page, as they stand in page/: the build puts them into the program, so that the page
// needs neither network nor files. Constants.
#pragma once

#include <string_view>

namespace memgc::trace {

extern const std::string_view kPageHtml;  // with the marks {{style}}, {{licence}}, {{data}} and {{script}}
extern const std::string_view kPageCss;
extern const std::string_view kPageJs;
extern const std::string_view kUplotCss;
extern const std::string_view kUplotJs;
extern const std::string_view kUplotLicence;

}  // namespace memgc::trace
