// Job: dependency fields: "libc6 (>= 2.34), python3:any | python3-all" into clauses and alternatives; see stanza.h.
#include <fmt/format.h>

#include "errors.h"
#include "stanza.h"
#include "text_util.h"

namespace pkggraph {

namespace {

// A cursor over one field. Knows on which line of the index it stands.
class FieldParser {
 public:
  FieldParser(const Field& field, const std::string& source) : field_(field), source_(source), rest_(field.text) {}

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }
  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Alternative alternative() {
    Alternative out;
    out.name = word("a package name");
    if (!is_package_name(out.name)) fail(fmt::format("expected a package name ({})", kPackageNameRule), out.name);
    if (!rest_.empty() && rest_.front() == ':') {
      rest_.remove_prefix(1);
      out.qualifier = word("an architecture, \"any\" or \"native\" after ':'");
    }
    if (take('(')) relation(out);
    return out;
  }
  [[noreturn]] void fail(std::string_view expected, std::string_view got) const {
    // `rest_` may already be on the next line: count the newlines before the text complained about.
    const std::string_view text = field_.text;
    const auto position = static_cast<std::size_t>(got.data() - text.data());
    const auto newlines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
    throw InputError(fmt::format("{}:{}: {}, {}", source_, field_.line + static_cast<std::uint64_t>(newlines), expected,
                                 got.empty() ? "got the end of the field" : "got \"" + shortened(got, 40) + "\""));
  }
  [[noreturn]] void fail_here(std::string_view expected) const { fail(expected, rest_); }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  std::string_view word(std::string_view expected) {
    skip_blanks();
    std::size_t length = 0;
    while (length < rest_.size() && is_name_character(rest_[length])) ++length;
    if (length == 0) fail_here(fmt::format("expected {}", expected));
    const std::string_view out = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return out;
  }
  void relation(Alternative& out) {
    skip_blanks();
    // dpkg still reads the old "<" and ">" as "<=" and ">=".
    static constexpr std::pair<std::string_view, Relation> kSpellings[] = {
        {"<<", Relation::kEarlier},    {"<=", Relation::kEarlierEqual}, {">>", Relation::kLater},
        {">=", Relation::kLaterEqual}, {"=", Relation::kEqual},         {"<", Relation::kEarlierEqual},
        {">", Relation::kLaterEqual},
    };
    for (const auto& [spelling, relation] : kSpellings) {
      if (!rest_.starts_with(spelling)) continue;
      rest_.remove_prefix(spelling.size());
      out.relation = relation;
      break;
    }
    if (out.relation == Relation::kAny) fail_here("expected one of << <= = >= >> after '('");
    skip_blanks();
    std::size_t length = 0;
    while (length < rest_.size() && rest_[length] != ')' && !is_blank(rest_[length])) ++length;
    out.version = rest_.substr(0, length);
    if (const std::string problem = version_problem(out.version); !problem.empty()) fail(problem, rest_);
    rest_.remove_prefix(length);
    if (!take(')')) fail_here("expected ')' after the version");
  }

  const Field& field_;
  const std::string& source_;
  std::string_view rest_;
};

}  // namespace

void Dependencies::clear() {
  alternatives.clear();
  clause_ends.clear();
}

void parse_dependencies(const Field& field, const std::string& source, Dependencies& out) {
  out.clear();
  FieldParser parser(field, source);
  while (!parser.at_end()) {
    do {
      out.alternatives.push_back(parser.alternative());
    } while (parser.take('|'));
    out.clause_ends.push_back(out.alternatives.size());
    // A comma behind the last dependency is common in hand-made packages; dpkg accepts it.
    if (!parser.take(',') && !parser.at_end()) parser.fail_here("expected ',' or '|' between dependencies");
  }
}

void parse_provides(const Field& field, const std::string& source, Dependencies& out) {
  out.clear();
  FieldParser parser(field, source);
  while (!parser.at_end()) {
    const Alternative provided = parser.alternative();
    if (provided.relation != Relation::kAny && provided.relation != Relation::kEqual) {
      parser.fail("expected no relation but = in Provides", provided.version);
    }
    out.alternatives.push_back(provided);
    out.clause_ends.push_back(out.alternatives.size());
    if (!parser.take(',') && !parser.at_end()) parser.fail_here("expected ',' between provided packages");
  }
}

}  // namespace pkggraph
