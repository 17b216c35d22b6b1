// Job: the umbrella: everything an embedder needs. See the README for a first program.
#pragma once

// IWYU pragma: begin_exports
#include "memgc/allocation_counter.h"
#include "memgc/array.h"
#include "memgc/heap.h"
#include "memgc/member.h"
#include "memgc/metrics.h"
#include "memgc/mutator.h"
#include "memgc/options.h"
#include "memgc/profile.h"
#include "memgc/ranges.h"
#include "memgc/root.h"
#include "memgc/slot.h"
#include "memgc/stats.h"
#include "memgc/version.h"
#include "memgc/visitor.h"
#include "memgc/weak.h"
// IWYU pragma: end_exports
