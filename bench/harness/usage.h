// Job: what the kernel knows of this process: CPU time of all its threads, page faults, memory.
#pragma once

#include <cstddef>
#include <string>

namespace memgc_bench {

struct Usage {
  double user_seconds = 0;
  double system_seconds = 0;
  double minor_faults = 0;
  double major_faults = 0;
  double preemptions = 0;  // times that somebody else got the processor first
};

Usage usage_now();

/// The most memory that this process has had resident so far (VmHWM), in bytes. Throws if the kernel does not tell.
std::size_t peak_resident_bytes();

/// The file name of the object that malloc comes from, such as "libc.so.6".
std::string malloc_owner();

}  // namespace memgc_bench
