// Job: checks of a finished marking that do not share its code.
//
// Threads: the collector's, while all mutators stand still. A failure aborts with what was found.
#pragma once

namespace memgc::internal {

class HeapImpl;
class Marker;

/// gccheckmark: follows everything from the roots again, one object after the other, with a set of its own; aborts with
/// the path to an object that the marker did not mark.
void check_marks_again(HeapImpl& heap, const Marker& marker);

/// Bitmaps, blocks and counts agree: what is marked exists, and the marked bytes and cells are what the marker counted.
void verify_marks(HeapImpl& heap, const Marker& marker);

/// precisecheck: names each unmarked object that a conservative scan of the stacks would have kept, on stderr.
void name_conservative_only(HeapImpl& heap, const Marker& marker);

}  // namespace memgc::internal
