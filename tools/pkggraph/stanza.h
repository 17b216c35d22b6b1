// Job: the text of a Debian package index, cut into stanzas, and their dependency fields cut into alternatives.
//
// Plain C++ values: nothing here knows of managed objects. Every complaint is an InputError "SOURCE:LINE: expected ...,
// got ...". One StanzaReader belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "version.h"

namespace pkggraph {

/// Fills at most `size` bytes at `buffer`; returns how many, 0 at the end.
using ReadChunk = std::function<std::size_t(char* buffer, std::size_t size)>;

/// A field's value; the lines of a folded field are joined by '\n'.
struct Field {
  std::string text;
  std::uint64_t line = 0;  ///< Where it begins; 0: the stanza does not have it.

  bool present() const { return line != 0; }
};

/// The fields of one package that the graph needs.
struct Stanza {
  Field package, version, architecture, status, installed_size, description;
  Field pre_depends, depends, recommends, provides;
  std::uint64_t line = 0;           ///< Its first line.
  std::uint64_t offset = 0;         ///< Its first byte in the uncompressed index.
  std::uint64_t bytes = 0;          ///< Its length, without the empty line that ends it.
  std::uint64_t installed_kib = 0;  ///< Installed-Size, checked; 0 when absent.

  /// False for the remains of a removed package in dpkg's own status file.
  bool is_installable() const;
  void clear();
};

/// One alternative of a dependency, or one name that a package provides. Views into the field's text.
struct Alternative {
  std::string_view name;
  std::string_view qualifier;  ///< Behind the colon of "python3:any"; empty for none.
  Relation relation = Relation::kAny;
  std::string_view version;
};

/// A dependency field: "a, b | c" has two clauses, the second with two alternatives.
struct Dependencies {
  std::vector<Alternative> alternatives;
  std::vector<std::size_t> clause_ends;  ///< Per clause, the index behind its last alternative.

  void clear();
};

/// Parses a dependency field; `source` is the index's name, for complaints. Throws InputError.
void parse_dependencies(const Field& field, const std::string& source, Dependencies& out);
/// The same for Provides: no alternatives, and no relation but "=".
void parse_provides(const Field& field, const std::string& source, Dependencies& out);

/// Reads stanza after stanza from a stream of bytes.
class StanzaReader {
 public:
  static constexpr std::size_t kChunkBytes = 64 << 10;

  /// `first_line` is the number of the stream's first line; `chunk_bytes` how much is asked for at a time.
  StanzaReader(std::string source, ReadChunk read, std::uint64_t first_line = 1, std::size_t chunk_bytes = kChunkBytes);

  /// Reads the next stanza into `out`, whose buffers are reused; false at the end. Throws InputError.
  bool next(Stanza& out);

  const std::string& source() const { return source_; }
  std::uint64_t line() const { return line_; }  ///< The number of the line read last.

 private:
  bool next_line(std::string_view& line);
  bool fill();
  Field* start_field(std::string_view line, Stanza& out) const;
  void check_stanza(Stanza& stanza) const;
  [[noreturn]] void fail(std::uint64_t line, const std::string& message) const;

  std::string source_;
  ReadChunk read_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what is not yet handed out
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::uint64_t line_;
  std::uint64_t offset_ = 0;  // of begin_ in the stream
};

}  // namespace pkggraph
