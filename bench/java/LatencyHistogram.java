// Job: how many of many durations were how long, in little memory: buckets as wide as a 32nd of what they hold.
// Recording never allocates. Threads: of one.
final class LatencyHistogram {
  // Values below PARTS have a bucket each; from there on, every power of two is divided into PARTS.
  private static final int PART_BITS = 5, PARTS = 1 << PART_BITS;

  private final long[] counts = new long[(Long.SIZE - PART_BITS) * PARTS];
  private long count, max;

  void add(long ns) {
    counts[bucketOf(ns)]++;
    count++;
    max = Math.max(max, ns);
  }

  long count() {
    return count;
  }

  long max() {
    return max;
  }

  /** What a share of all values does not exceed, at most a 32nd too high; 0 of nothing. */
  long quantile(double share) {
    final double rank = Math.max(1, Math.ceil(share * count));
    long seen = 0;
    for (int bucket = 0; bucket < counts.length; bucket++) {
      seen += counts[bucket];
      if (seen >= rank) return Math.min(lastOf(bucket), max);
    }
    return max;
  }

  private static int bucketOf(long value) {
    if (value < PARTS) return (int) value;
    final int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(value) - PART_BITS;
    return shift * PARTS + (int) (value >>> shift);
  }

  private static long lastOf(int bucket) {
    if (bucket < PARTS) return bucket;
    final int shift = bucket / PARTS - 1;
    return ((long) (bucket % PARTS + PARTS + 1) << shift) - 1;
  }
}
