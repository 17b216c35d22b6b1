// Job: the version of mimalloc that is linked, in words.
#pragma once

#include <mimalloc.h>

#include <string>

namespace memgc_bench {

inline std::string mimalloc_version() {
  const int number = mi_version();  // 209 is 2.0.9; from 2.2.4 on, 20204
  const int major = number >= 10000 ? number / 10000 : number / 100;
  const int minor = number >= 10000 ? number / 100 % 100 : number / 10 % 10;
  const int patch = number >= 10000 ? number % 100 : number % 10;
  return "mimalloc " + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace memgc_bench
