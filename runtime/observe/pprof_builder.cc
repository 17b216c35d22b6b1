// Job: see pprof_builder.h.
#include "runtime/observe/pprof_builder.h"

#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "memgc/observe/error.h"

namespace memgc::observe {

namespace pb = perftools::profiles;

PprofBuilder::PprofBuilder(const std::vector<Unit>& types, const char* shown, Unit period, std::uint64_t rate,
                           std::uint64_t age_ns) {
  text_id("");
  for (const auto& [type, unit] : types) {
    pb::ValueType* to = profile_.add_sample_type();
    to->set_type(text_id(type));
    to->set_unit(text_id(unit));
  }
  profile_.set_default_sample_type(text_id(shown));
  profile_.mutable_period_type()->set_type(text_id(period.first));
  profile_.mutable_period_type()->set_unit(text_id(period.second));
  profile_.set_period(static_cast<std::int64_t>(rate));
  profile_.set_time_nanos(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  profile_.set_duration_nanos(static_cast<std::int64_t>(age_ns));
  add_mappings();
}

// What is executable, with the program itself first, as pprof wants it.
void PprofBuilder::add_mappings() {
  std::ifstream maps("/proc/self/maps");
  for (std::string row; std::getline(maps, row);) {
    unsigned long begin = 0, end = 0, offset = 0;
    char access[8] = {};
    int path_at = 0;
    if (std::sscanf(row.c_str(), "%lx-%lx %7s %lx %*s %*s %n", &begin, &end, access, &offset, &path_at) < 4) continue;
    if (access[2] != 'x' || path_at == 0 || row[static_cast<std::size_t>(path_at)] != '/') continue;
    pb::Mapping* to = profile_.add_mapping();
    to->set_id(static_cast<std::uint64_t>(profile_.mapping_size()));
    to->set_memory_start(begin);
    to->set_memory_limit(end);
    to->set_file_offset(offset);
    to->set_filename(text_id(row.substr(static_cast<std::size_t>(path_at))));
    to->set_has_functions(true);
    to->set_has_filenames(true);
    to->set_has_line_numbers(true);
    to->set_has_inline_frames(true);
  }
}

std::int64_t PprofBuilder::text_id(const std::string& text) {
  const auto [at, added] = texts_.emplace(text, profile_.string_table_size());
  if (added) profile_.add_string_table(text);
  return at->second;
}

std::uint64_t PprofBuilder::function_id(const SourceLine& line) {
  const auto [at, added] = functions_.emplace(line.symbol + '\n' + line.file, profile_.function_size() + 1);
  if (added) {
    pb::Function* to = profile_.add_function();
    to->set_id(at->second);
    to->set_name(text_id(line.function));
    to->set_system_name(text_id(line.symbol));
    to->set_filename(text_id(line.file));
  }
  return at->second;
}

std::uint64_t PprofBuilder::add_location(std::uint64_t address, const std::vector<SourceLine>& lines) {
  pb::Location* to = profile_.add_location();
  to->set_id(static_cast<std::uint64_t>(profile_.location_size()));
  to->set_address(address);
  for (const pb::Mapping& mapping : profile_.mapping()) {
    if (address >= mapping.memory_start() && address < mapping.memory_limit()) to->set_mapping_id(mapping.id());
  }
  for (const SourceLine& line : lines) {
    pb::Line* its = to->add_line();
    its->set_function_id(function_id(line));
    its->set_line(line.line);
  }
  return to->id();
}

// Of an innermost frame only what is the program's: 0 if that is nothing.
std::uint64_t PprofBuilder::location_id(const void* frame, bool innermost) {
  const auto [at, added] = locations_[innermost ? 1 : 0].emplace(frame, 0);
  if (!added) return at->second;
  std::vector<SourceLine> lines = symbolizer_.lines_of(frame);
  if (innermost) {
    lines.erase(lines.begin(), std::find_if(lines.begin(), lines.end(),
                                            [](const SourceLine& line) { return !is_memgc_frame(line.function); }));
  }
  if (!lines.empty()) at->second = add_location(reinterpret_cast<std::uintptr_t>(frame) - 1, lines);
  return at->second;
}

std::uint64_t PprofBuilder::unknown_id() {
  if (unknown_ == 0) unknown_ = add_location(0, {{"(stacks that were not kept)", "", "", 0}});
  return unknown_;
}

pb::Sample& PprofBuilder::add(const std::vector<const void*>& stack, const std::vector<double>& values) {
  pb::Sample* to = profile_.add_sample();
  for (const double value : values) to->add_value(std::llround(value));
  bool innermost = true;
  for (const void* frame : stack) {
    const std::uint64_t id = location_id(frame, innermost);
    if (id == 0) continue;
    to->add_location_id(id);
    innermost = false;
  }
  if (to->location_id_size() == 0) to->add_location_id(unknown_id());
  return *to;
}

void PprofBuilder::label(pb::Sample& sample, const char* key, const std::string& value) {
  pb::Label* to = sample.add_label();
  to->set_key(text_id(key));
  to->set_str(text_id(value));
}

void PprofBuilder::label(pb::Sample& sample, const char* key, std::uint64_t value, const char* unit) {
  pb::Label* to = sample.add_label();
  to->set_key(text_id(key));
  to->set_num(static_cast<std::int64_t>(value));
  to->set_num_unit(text_id(unit));
}

std::string PprofBuilder::finish() const {
  constexpr int kGzip = 16 + MAX_WBITS;
  std::string plain = profile_.SerializeAsString();
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw ObserveError("profile: no memory to compress it");
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw ObserveError("profile: cannot be compressed");
  return out;
}

}  // namespace memgc::observe
