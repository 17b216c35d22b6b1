// Job: small indexes made for the tests, and the way from a text to a graph.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "memgc/memgc.h"
#include "tools/pkggraph/store.h"

namespace pkggraph {

/// Hands out `text` at most `chunk` bytes at a time. Keeps a copy.
inline ReadChunk read_from(std::string text, std::size_t chunk = SIZE_MAX) {
  return [text = std::move(text), chunk, position = std::size_t{0}](char* buffer, std::size_t size) mutable {
    const std::size_t count = std::min({size, chunk, text.size() - position});
    std::copy_n(text.data() + position, count, buffer);
    position += count;
    return count;
  };
}

/// A heap, this thread's mutator, and a graph on them.
struct MadeGraph {
  explicit MadeGraph(const std::string& index, const memgc::Options& options = {}, bool recommends = false)
      : heap(options), me(heap), store(BuildOptions{recommends}) {
    StanzaReader reader("index", read_from(index));
    report = store.load(me, reader);
  }

  const Graph& graph() const { return store.graph(); }

  memgc::Heap heap;
  memgc::Mutator me;
  GraphStore store;
  LoadReport report;
};

/// A small archive: chains, alternatives, versions that hold and that do not, virtual packages, circles.
inline constexpr std::string_view kSmallIndex = R"(Package: app
Version: 1.0-1
Architecture: amd64
Installed-Size: 100
Pre-Depends: dpkg-like (>= 1.15.6~)
Depends: lib-a (>= 2.0), lib-b | lib-c,
 mailer,
 python:any (>= 3)
Recommends: editor
Description: the program
 It has a long description
 .
 of several lines.

Package: dpkg-like
Version: 1.21.23
Installed-Size: 50
Description: installs packages

Package: lib-a
Version: 1:2.0~rc1-3
Installed-Size: 200
Depends: base

Package: lib-b
Version: 0.9
Installed-Size: 10
Depends: base (= 1)

Package: lib-c
Version: 0.9
Installed-Size: 1000
Depends: base, missing-thing | lib-d (<< 5)

Package: lib-d
Version: 5
Installed-Size: 7
Provides: lib-d-api (= 4)
Depends: lib-c

Package: base
Version: 1
Installed-Size: 1

Package: exim
Version: 4.96
Installed-Size: 300
Provides: mailer, mta (= 3)
Depends: base

Package: postfix
Version: 3.7
Installed-Size: 250
Provides: mailer
Conflicts: mailer
Depends: base

Package: python
Version: 3.11.2-1+b1
Installed-Size: 400
Depends: python-minimal (= 3.11.2-1+b1), base

Package: python-minimal
Version: 3.11.2-1+b1
Installed-Size: 150
Depends: python-lib

Package: python-lib
Version: 3.11
Installed-Size: 120
Depends: python

Package: needs-mta
Version: 1
Depends: mta (>= 2), mta (<< 4)

Package: needs-versioned-mailer
Version: 1
Depends: mailer (>= 1)

Package: editor
Version: 1
Depends: editor-data

Package: editor-data
Version: 1
Depends: editor
)";

}  // namespace pkggraph
