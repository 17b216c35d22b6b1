// Job: checks of a finished marking that do not share its code.
//
// Threads: the collector's, while all mutators stand still. A failure aborts with what was found.
#pragma once

#include <memory>
#include <vector>

#include "allocator/block_set.h"
#include "runtime/snapshot.h"

namespace memgc::internal {

class HeapImpl;
class MarkTeam;

using Snapshots = std::vector<std::unique_ptr<Snapshot>>;

/// gccheckmark: follows everything from the roots again, one object after the other, with a set of its own; aborts with
/// the path to an object that the marker did not mark. `snapshots`: of all stacks, as of now.
void check_marks_again(HeapImpl& heap, const Roles& roles, const Snapshots& snapshots);

/// What is marked exists, blocks and counts agree; with `team` (nobody allocated while it marked), also that the
/// bitmaps hold what it counted.
void verify_marks(HeapImpl& heap, const Roles& roles, const BlockSets::Cells* marked);

/// precisecheck: names each unmarked object that a conservative scan of the stacks would have kept, on stderr.
void name_conservative_only(HeapImpl& heap, const Roles& roles);

}  // namespace memgc::internal
