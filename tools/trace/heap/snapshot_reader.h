// Job: reads Chrome DevTools' .heapsnapshot, as memgc::write_snapshot(), node and Chromium write it.
//
// The file is read once, number by number, and never stands in memory as JSON; the fields of nodes and edges are
// where the file's own `meta` says. One thread.
#pragma once

#include <streambuf>
#include <string>

#include "heap/snapshot.h"

namespace memgc::trace {

// Plain or gzip; "-" is standard input. Throws InputError, one line that names the file and what is wrong with it.
Snapshot read_snapshot(const std::string& path);
// The same of bytes that come from elsewhere; `name` is what errors call it.
Snapshot read_snapshot(std::streambuf& bytes, const std::string& name);

}  // namespace memgc::trace
