// Job: see processors.h.
#include "runtime/processors.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string_view>
#include <thread>

#include "allocator/base/sync.h"
#include "allocator/os_memory.h"

namespace memgc::internal {
namespace {

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return {};
  return line;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return {};  // "max", "-1", nothing
  return value;
}

// The process's path within one hierarchy: v2's line is "0::/path", v1's "N:name,name:/path".
std::optional<std::string> cgroup_path(const std::string& root, std::string_view controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    // Commas on both ends, so that a name is found whole.
    const std::string names = std::string(",").append(line, first + 1, second - first - 1).append(",");
    const std::string wanted = std::string(",").append(controller).append(",");
    const bool match = controller.empty() ? names == ",," : names.find(wanted) != std::string::npos;
    if (match) return line.substr(second + 1);
  }
  return {};
}

// Calls f(directory) for the group and each of its parents up to the mount point.
template <class F>
void for_each_level(const std::string& mount, std::string path, F&& f) {
  for (;;) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    f(mount + path);
    if (path.empty()) return;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

double cpu_quota(const std::string& root) {
  double quota = 1e9;
  if (const auto path = cgroup_path(root, "")) {
    for_each_level(root + "/sys/fs/cgroup", *path, [&](const std::string& directory) {
      const auto line = first_line(directory + "/cpu.max");  // "quota period", or "max period"
      if (!line) return;
      const std::size_t space = line->find(' ');
      const auto used = number(*line);
      const auto period = space == std::string::npos ? std::nullopt : number(std::string_view(*line).substr(space + 1));
      if (used && period && *period > 0)
        quota = std::min(quota, static_cast<double>(*used) / static_cast<double>(*period));
    });
  }
  if (const auto path = cgroup_path(root, "cpu")) {
    for_each_level(root + "/sys/fs/cgroup/cpu", *path, [&](const std::string& directory) {
      const auto used = number(first_line(directory + "/cpu.cfs_quota_us").value_or(""));
      const auto period = number(first_line(directory + "/cpu.cfs_period_us").value_or(""));
      if (used && period && *period > 0)
        quota = std::min(quota, static_cast<double>(*used) / static_cast<double>(*period));
    });
  }
  return quota;
}

}  // namespace

unsigned processors_for_this_process(const std::string& root) {
#if defined(MEMGC_SCHEDULED)
  if (root.empty()) return scheduled::processors();
#endif
  cpu_set_t set;
  CPU_ZERO(&set);
  unsigned count = std::max(std::thread::hardware_concurrency(), 1U);
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) count = static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
  const double quota = cpu_quota(root);
  if (quota < count) count = std::max(static_cast<unsigned>(quota + 0.999), 1U);
  return count;
}

std::size_t memory_for_this_process(const std::string& root) {
  std::size_t limit = os::physical_bytes();
  if (const auto path = cgroup_path(root, "")) {
    for_each_level(root + "/sys/fs/cgroup", *path, [&](const std::string& directory) {
      if (const auto bytes = number(first_line(directory + "/memory.max").value_or("")))
        limit = std::min<std::size_t>(limit, *bytes);
    });
  }
  if (const auto path = cgroup_path(root, "memory")) {
    for_each_level(root + "/sys/fs/cgroup/memory", *path, [&](const std::string& directory) {
      const auto bytes = number(first_line(directory + "/memory.limit_in_bytes").value_or(""));
      if (bytes) limit = std::min<std::size_t>(limit, *bytes);  // "unlimited" is a huge number
    });
  }
  return limit;
}

}  // namespace memgc::internal
