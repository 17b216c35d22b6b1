// Job: see stanza.h. The reader; dependency fields are in dependency_field.cc.
#include "stanza.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "errors.h"
#include "text_util.h"

namespace pkggraph {

namespace {

// No field of a real index comes near; without a bound a stream without newlines would fill the memory.
constexpr std::size_t kMaxLineBytes = 16 << 20;

struct KnownField {
  std::string_view name;
  Field Stanza::*field;
};
constexpr KnownField kKnownFields[] = {
    {"Package", &Stanza::package},
    {"Version", &Stanza::version},
    {"Architecture", &Stanza::architecture},
    {"Status", &Stanza::status},
    {"Installed-Size", &Stanza::installed_size},
    {"Description", &Stanza::description},
    {"Pre-Depends", &Stanza::pre_depends},
    {"Depends", &Stanza::depends},
    {"Recommends", &Stanza::recommends},
    {"Provides", &Stanza::provides},
};

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

bool Stanza::is_installable() const {
  // "want flag state"; an index from an archive has no Status at all.
  return !status.present() || status.text.ends_with(" installed");
}

void Stanza::clear() {
  for (const KnownField& known : kKnownFields) {
    (this->*known.field).text.clear();
    (this->*known.field).line = 0;
  }
  line = offset = bytes = installed_kib = 0;
}

StanzaReader::StanzaReader(std::string source, ReadChunk read, std::uint64_t first_line, std::size_t chunk_bytes)
    : source_(std::move(source)),
      read_(std::move(read)),
      buffer_(std::max<std::size_t>(1, chunk_bytes)),
      line_(first_line - 1) {}

void StanzaReader::fail(std::uint64_t line, const std::string& message) const {
  throw InputError(fmt::format("{}:{}: {}", source_, line, message));
}

bool StanzaReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (buffer_.size() >= kMaxLineBytes)
      fail(line_ + 1, fmt::format("expected lines of less than {} bytes", kMaxLineBytes));
    buffer_.resize(buffer_.size() * 2);
  }
  const std::size_t got = read_(buffer_.data() + end_, buffer_.size() - end_);
  end_ += got;
  at_end_ = got == 0;
  return !at_end_;
}

bool StanzaReader::next_line(std::string_view& line) {
  std::size_t searched = 0;
  for (;;) {
    const char* from = buffer_.data() + begin_;
    const std::size_t available = end_ - begin_;
    const void* newline = available == searched ? nullptr : std::memchr(from + searched, '\n', available - searched);
    if (newline != nullptr) {
      line = std::string_view(from, static_cast<std::size_t>(static_cast<const char*>(newline) - from));
      begin_ += line.size() + 1;
      offset_ += line.size() + 1;
      break;
    }
    searched = available;
    if (fill()) continue;
    if (end_ == begin_) return false;
    line = std::string_view(buffer_.data() + begin_, end_ - begin_);  // a last line without a newline
    begin_ = end_;
    offset_ += line.size();
    break;
  }
  ++line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

// The field that `line` begins, or nullptr for one that the graph does not need.
Field* StanzaReader::start_field(std::string_view line, Stanza& out) const {
  const auto colon = line.find(':');
  const std::string_view name = line.substr(0, colon == std::string_view::npos ? 0 : colon);
  const bool is_name =
      !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!is_name) fail(line_, fmt::format("expected \"Field: value\", got \"{}\"", shortened(line)));
  for (const KnownField& known : kKnownFields) {
    if (!same_name(name, known.name)) continue;
    Field& field = out.*known.field;
    if (field.present()) {
      fail(line_,
           fmt::format("expected one {} field, got a second one (the first is at line {})", known.name, field.line));
    }
    field.line = line_;
    field.text = trimmed(line.substr(colon + 1));
    return &field;
  }
  return nullptr;
}

void StanzaReader::check_stanza(Stanza& stanza) const {
  const auto want = [&](const Field& field, std::string_view name) {
    if (!field.present()) fail(stanza.line, fmt::format("expected a {} field in the stanza that begins here", name));
  };
  want(stanza.package, "Package");
  if (!is_package_name(stanza.package.text)) {
    fail(stanza.package.line,
         fmt::format("expected a package name ({}), got \"{}\"", kPackageNameRule, shortened(stanza.package.text)));
  }
  if (!stanza.is_installable()) return;  // dpkg keeps no version of some removed packages
  want(stanza.version, "Version");
  if (const std::string problem = version_problem(stanza.version.text); !problem.empty()) {
    fail(stanza.version.line, fmt::format("{}, got \"{}\"", problem, shortened(stanza.version.text)));
  }
  if (const Field& size = stanza.installed_size; size.present()) {
    const char* end = size.text.data() + size.text.size();
    const auto [parsed_to, error] = std::from_chars(size.text.data(), end, stanza.installed_kib);
    // 2^40 KiB is more than any disk holds; the bound keeps sums of sizes within 64 bits.
    if (error != std::errc() || parsed_to != end || stanza.installed_kib > (std::uint64_t{1} << 40)) {
      fail(size.line, fmt::format("expected Installed-Size to be a number of KiB, got \"{}\"", shortened(size.text)));
    }
  }
}

bool StanzaReader::next(Stanza& out) {
  out.clear();
  Field* current = nullptr;
  bool in_field = false;  // also of a field that is skipped
  std::string_view line;
  for (;;) {
    const std::uint64_t line_offset = offset_;
    if (!next_line(line)) break;
    const bool is_empty = trimmed(line).empty();
    if (is_empty && out.line != 0) break;
    if (is_empty) continue;
    if (out.line == 0) {
      out.line = line_;
      out.offset = line_offset;
    }
    if (line.front() == ' ' || line.front() == '\t') {
      if (!in_field)
        fail(line_,
             fmt::format("expected \"Field: value\", got a continuation line \"{}\" without a field", shortened(line)));
      if (current != nullptr) current->text.append("\n").append(trimmed(line));
    } else {
      current = start_field(line, out);
      in_field = true;
    }
    out.bytes = offset_ - out.offset;
  }
  if (out.line == 0) return false;
  check_stanza(out);
  return true;
}

}  // namespace pkggraph
