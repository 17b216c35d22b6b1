// Job: the macro that marks what the shared library exports. Everything else is hidden.
#pragma once

#define MEMGC_EXPORT __attribute__((visibility("default")))

// MEMGC_CHECKS=1 (debug builds, the package's debug variant) compiles the embedder's checks into the headers: it must
// have the same value in every translation unit of a program, and the value that the library was built with.
#ifndef MEMGC_CHECKS
#define MEMGC_CHECKS 0
#endif
