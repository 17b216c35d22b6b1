// A pprof profile in the making: interned strings, functions, locations and mappings. One thread.
//
// Frames of this library's own, between a program's call and the sample, are left out, as Go leaves out its runtime's.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profile.pb.h"
#include "runtime/observe/symbolizer.h"

namespace memgc::observe {

class PprofBuilder {
 public:
  using Unit = std::pair<const char*, const char*>;  // type and unit, as in alloc_space/bytes

  // The last of `types` that is to be shown first is `shown`.
  PprofBuilder(const std::vector<Unit>& types, const char* shown, Unit period, std::uint64_t rate,
               std::uint64_t age_ns);

  // One sample; an empty stack becomes the one function `(stacks that were not kept)`. The caller adds its labels.
  perftools::profiles::Sample& add(const std::vector<const void*>& stack, const std::vector<double>& values);
  void label(perftools::profiles::Sample& sample, const char* key, const std::string& value);
  void label(perftools::profiles::Sample& sample, const char* key, std::uint64_t value, const char* unit);
  void comment(const std::string& text) { profile_.add_comment(text_id(text)); }

  // Serialized and gzipped. Throws ObserveError when there is no memory for that.
  std::string finish() const;

 private:
  void add_mappings();
  std::int64_t text_id(const std::string& text);
  std::uint64_t function_id(const SourceLine& line);
  std::uint64_t location_id(const void* frame, bool innermost);
  std::uint64_t add_location(std::uint64_t address, const std::vector<SourceLine>& lines);
  std::uint64_t unknown_id();

  Symbolizer symbolizer_;
  perftools::profiles::Profile profile_;
  std::unordered_map<std::string, std::int64_t> texts_;
  std::unordered_map<std::string, std::uint64_t> functions_;
  std::unordered_map<const void*, std::uint64_t> locations_[2];  // the second: of innermost frames
  std::uint64_t unknown_ = 0;
};

}  // namespace memgc::observe
