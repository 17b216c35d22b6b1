// Job: memgc-trace escape: which call sites make objects that die before the first cycle could look at them.
//
// Such objects need not have been made: they are candidates for the stack, for reuse outside the loop, or for a pool.
// The input is what memgc::write_profile() writes, pprof's format; the label `lifetime` says how many cycles a sample
// survived. A site is a call stack and a type. It is listed if some of its objects were found dead, none of them having
// survived a cycle, and none that has is in use.
//
// One thread.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "commands.h"
#include "figures.h"
#include "profile.pb.h"

namespace memgc::trace {
namespace {

namespace pb = perftools::profiles;

struct EscapeOptions {
  std::string file;
  std::size_t most = 20;
  std::size_t frames = 8;
};

std::string unpacked(const std::string& path) {
  const InputFile file = open_input(path);
  constexpr std::size_t kPart = std::size_t{1} << 16;
  std::string out;
  for (;;) {
    const std::size_t before = out.size();
    out.resize(before + kPart);
    const std::size_t got = read_input(file, path, out.data() + before, kPart);
    out.resize(before + got);
    if (got == 0) return out;
  }
}

// A profile with its tables checked: what refers to nothing is refused here, so nothing below looks twice.
class HeapProfile {
 public:
  explicit HeapProfile(const std::string& path) {
    if (!profile_.ParseFromString(unpacked(path))) throw InputError(path + ": is no pprof profile");
    for (const pb::Function& function : profile_.function()) functions_.emplace(function.id(), &function);
    for (const pb::Location& location : profile_.location()) locations_.emplace(location.id(), &location);
    for (int i = 0; i < profile_.sample_type_size(); ++i) types_.emplace(text(profile_.sample_type(i).type()), i);
    for (const char* type : {"alloc_objects", "alloc_space", "inuse_objects"}) {
      if (!types_.contains(type))
        throw InputError(fmt::format("{}: has no {}: wanted is a heap profile, of memgc::write_profile()", path, type));
    }
    for (const pb::Sample& sample : profile_.sample()) {
      if (sample.value_size() != profile_.sample_type_size())
        throw InputError(path + ": has a sample with too few or too many values");
    }
  }

  const auto& samples() const { return profile_.sample(); }
  double value(const pb::Sample& sample, std::string_view type) const {
    return static_cast<double>(sample.value(types_.find(type)->second));
  }
  std::string label(const pb::Sample& sample, std::string_view key) const {
    for (const pb::Label& label : sample.label()) {
      if (text(label.key()) == key) return text(label.str());
    }
    return {};
  }
  // Innermost first.
  std::vector<std::string> frames(const pb::Sample& sample) const {
    std::vector<std::string> out;
    for (const std::uint64_t id : sample.location_id()) {
      const auto location = locations_.find(id);
      if (location == locations_.end()) continue;
      for (const pb::Line& line : location->second->line()) {
        const auto function = functions_.find(line.function_id());
        if (function == functions_.end()) continue;
        std::string name = text(function->second->name());
        if (out.empty() && is_memgc(name)) continue;
        const std::string file = text(function->second->filename());
        if (line.line() > 0 && !file.empty())
          name += fmt::format("  {}:{}", file.substr(file.rfind('/') + 1), line.line());
        out.push_back(std::move(name));
      }
    }
    return out;
  }

 private:
  std::string text(std::int64_t id) const {
    return id >= 0 && id < profile_.string_table_size() ? profile_.string_table(static_cast<int>(id)) : std::string();
  }
  static bool is_memgc(std::string_view name) {
    return name.starts_with("memgc::internal::") || name.starts_with("memgc::make") ||
           name.starts_with("memgc::Mutator::");
  }

  pb::Profile profile_;
  std::unordered_map<std::uint64_t, const pb::Function*> functions_;
  std::unordered_map<std::uint64_t, const pb::Location*> locations_;
  std::map<std::string, int, std::less<>> types_;
};

struct Site {
  std::string type;
  std::vector<std::string> frames;
  double objects = 0, bytes = 0;  // that died before the first cycle
  bool survives = false;
};

std::vector<Site> short_lived_sites(const HeapProfile& profile, double& all_bytes, bool& any_lifetime) {
  std::map<std::pair<std::vector<std::string>, std::string>, Site> sites;
  for (const pb::Sample& sample : profile.samples()) {
    const std::string lifetime = profile.label(sample, "lifetime");
    any_lifetime = any_lifetime || !lifetime.empty();
    std::vector<std::string> frames = profile.frames(sample);
    const std::string type = profile.label(sample, "type");
    Site& site = sites[{frames, type}];
    site.type = type;
    site.frames = std::move(frames);
    const double made = profile.value(sample, "alloc_objects"), bytes = profile.value(sample, "alloc_space");
    const double dead = made - profile.value(sample, "inuse_objects");
    all_bytes += bytes;
    if (lifetime != "0") {
      site.survives = true;
    } else if (made > 0) {
      site.objects += dead;
      site.bytes += bytes * dead / made;
    }
  }
  std::vector<Site> out;
  for (auto& [key, site] : sites) {
    if (!site.survives && site.objects > 0) out.push_back(std::move(site));
  }
  std::stable_sort(out.begin(), out.end(), [](const Site& a, const Site& b) { return a.bytes > b.bytes; });
  return out;
}

void escape(const EscapeOptions& options) {
  const HeapProfile profile(options.file);
  double all_bytes = 0, saved = 0;
  bool any_lifetime = false;
  const std::vector<Site> sites = short_lived_sites(profile, all_bytes, any_lifetime);
  if (!any_lifetime && !profile.samples().empty())
    throw InputError(options.file + ": does not say how long objects lived: wanted is a profile of memgc's");
  for (const Site& site : sites) saved += site.bytes;
  fmt::print("{} sites make objects that always die before the first cycle: {} of {} allocated ({:.1f} %).\n",
             sites.size(), of_bytes(saved), of_bytes(all_bytes), all_bytes > 0 ? 100 * saved / all_bytes : 0);
  if (!sites.empty())
    fmt::print("Candidates for the stack, for reuse outside the loop, or for a pool. Estimates from samples.\n");
  for (std::size_t i = 0; i < std::min(sites.size(), options.most); ++i) {
    const Site& site = sites[i];
    fmt::print("\n{} ({:.1f} %), {:.0f} objects{}{}\n", of_bytes(site.bytes), 100 * site.bytes / all_bytes,
               site.objects, site.type.empty() ? "" : " of ", site.type);
    for (std::size_t f = 0; f < std::min(site.frames.size(), options.frames); ++f)
      fmt::print("    {}\n", site.frames[f]);
    if (site.frames.size() > options.frames) fmt::print("    ... {} more\n", site.frames.size() - options.frames);
  }
  if (sites.size() > options.most) fmt::print("\n{} more sites: --most\n", sites.size() - options.most);
}

}  // namespace

void add_escape(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("escape", "call sites whose objects always die before the first cycle");
  const auto options = std::make_shared<EscapeOptions>();
  command.add_option("PROFILE", options->file, "what memgc::write_profile() has written")->required();
  command.add_option("--most", options->most, "sites to list, largest first")->capture_default_str();
  command.add_option("--frames", options->frames, "frames to show of each stack")->capture_default_str();
  command.callback([options] { escape(*options); });
}

}  // namespace memgc::trace
