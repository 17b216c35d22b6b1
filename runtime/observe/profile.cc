// The heap's two profiles as pprof's: which values, which labels. See memgc/observe/profile.h.
#include "memgc/observe/profile.h"

#include "memgc/profile.h"
#include "runtime/observe/output_file.h"
#include "runtime/observe/pprof_builder.h"

namespace memgc {
namespace {

using observe::PprofBuilder;

constexpr const char* kLifetimeNames[kLifetimes] = {"0", "1", "2-3", "4-7", "8+"};

void add_site(PprofBuilder& builder, const AllocationSite& site) {
  const auto bytes = static_cast<double>(site.object_bytes);
  for (std::size_t i = 0; i < kLifetimes; ++i) {
    const std::uint64_t made = site.died[i] + site.alive[i];
    if (made == 0) continue;
    const double objects = site.scale * static_cast<double>(made);
    const double live = site.scale * static_cast<double>(site.alive[i]);
    auto& sample = builder.add(site.stack, {objects, objects * bytes, live, live * bytes});
    builder.label(sample, "bytes", site.object_bytes, "bytes");
    builder.label(sample, "type", site.array ? site.type + "[]" : site.type);
    builder.label(sample, "lifetime", kLifetimeNames[i]);
  }
}

void note_lost(PprofBuilder& builder, std::uint64_t lost) {
  if (lost != 0) builder.comment(std::to_string(lost) + " samples were lost: too many sites, or no memory");
}

void write(const std::string& path, const std::string& text) {
  observe::OutputFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace

std::string profile_text(Heap& heap) {
  const AllocationProfile profile = allocation_profile(heap);
  PprofBuilder builder(
      {{"alloc_objects", "count"}, {"alloc_space", "bytes"}, {"inuse_objects", "count"}, {"inuse_space", "bytes"}},
      "inuse_space", {"space", "bytes"}, profile.bytes_per_sample, profile.age_ns);
  for (const AllocationSite& site : profile.sites) add_site(builder, site);
  note_lost(builder, profile.lost_samples);
  return builder.finish();
}

std::string waiting_profile_text(Heap& heap) {
  const WaitingProfile profile = waiting_profile(heap);
  PprofBuilder builder({{"waits", "count"}, {"delay", "nanoseconds"}}, "delay", {"waiting", "nanoseconds"},
                       profile.ns_per_sample, profile.age_ns);
  for (const WaitingSite& site : profile.sites) {
    auto& sample = builder.add(site.stack, {site.waits, site.wait_ns});
    builder.label(sample, "kind", to_string(site.kind));
  }
  note_lost(builder, profile.lost_samples);
  return builder.finish();
}

void write_profile(Heap& heap, const std::string& path) { write(path, profile_text(heap)); }
void write_waiting_profile(Heap& heap, const std::string& path) { write(path, waiting_profile_text(heap)); }

}  // namespace memgc
