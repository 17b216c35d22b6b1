// Job: how many processors and how much memory this process may use: affinity, cgroup v2, then v1, then the machine.
//
// Threads: any; reads files, so not for hot paths. The root directory is a parameter so that tests can bring their own.
#pragma once

#include <cstddef>
#include <string>

namespace memgc::internal {

/// Processors by affinity, at most the cgroup's CPU quota rounded up, at least 1.
unsigned processors_for_this_process(const std::string& root = "");
/// Bytes: the smallest memory limit of the process's cgroup and its parents, or the machine's memory if that is less.
std::size_t memory_for_this_process(const std::string& root = "");

}  // namespace memgc::internal
