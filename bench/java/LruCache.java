import static java.lang.Math.max;
import static java.lang.Math.min;

import java.util.Arrays;

// Job: a full LRU cache under churn: hash chains, a doubly linked list, a payload of bytes per entry; see
// workloads/lru_cache.h, whose answers it checks.
final class LruCache implements Workload.Served {
  private static final long MIN_LIVE = 64;
  private static final int MIN_PAYLOAD = 32, MAX_PAYLOAD = 256; // bytes, with the length word

  private static final class Entry {
    Entry nextInChain, older, newer;
    final byte[] payload;
    final long key;
    long lastUse;

    Entry(Entry nextInChain, Entry older, byte[] payload, long key, long lastUse) {
      this.nextInChain = nextInChain;
      this.older = older;
      this.payload = payload;
      this.key = key;
      this.lastUse = lastUse;
    }
  }

  private final long live, inserts, firstKey;
  private final SplitMix64 random;
  private long inserted, size, clock, lastEvictedUse;
  private Entry[] buckets;
  private Entry newest, oldest;

  LruCache(Sizes sizes, int index, int threads) {
    live = max(sizes.of(Size.LRU_LIVE) / threads, MIN_LIVE);
    inserts = max(sizes.of(Size.LRU_INSERTS) / threads, 2 * live);
    firstKey = (long) index << 48;
    random = new SplitMix64(index + 1);
  }

  @Override
  public void run() {
    prepare();
    while (inserted < inserts) step();
  }

  @Override
  public void prepare() {
    final int highest = Integer.highestOneBit((int) live);
    buckets = new Entry[highest == live ? highest : 2 * highest];
  }

  /** An insert with its eviction; after every fourth, a look-up. */
  @Override
  public void step() {
    final long i = inserted++;
    if (size == live) evict();
    insert(key(i));
    if (i % 4 == 3) touch(key(i - random.below(min(i, live / 2))));
  }

  @Override
  public long stepsUntilSteady() {
    return 2 * live;
  }

  @Override
  public void verify() {
    WrongAnswer.expectEqual("the number of entries", size, live);
    verifyList();
    // Keys up to live / 2 inserts old are touched; any entry is gone after `live` inserts without a touch.
    if (find(key(0)) != null) throw new WrongAnswer("a key long gone", key(0), 0);
    for (long i = inserted - live / 2; i < inserted; i++) {
      if (find(key(i)) == null) throw new WrongAnswer("a key among the newest", 0, key(i));
    }
  }

  // The i-th key inserted; no two are equal, and their order in the table is random.
  private long key(long i) {
    return SplitMix64.mix64(firstKey + i);
  }

  private static byte firstByte(long key) {
    return (byte) (key >>> 56);
  }

  private static int payloadSize(long key) {
    final long bytes = MIN_PAYLOAD + ((SplitMix64.mix64(key) >>> 32) * (MAX_PAYLOAD - MIN_PAYLOAD + 1) >>> 32);
    return (int) bytes - Long.BYTES;
  }

  private int chain(long key) {
    return (int) key & buckets.length - 1;
  }

  private void insert(long key) {
    final byte[] payload = new byte[payloadSize(key)];
    Arrays.fill(payload, firstByte(key));
    final int chain = chain(key);
    final Entry entry = new Entry(buckets[chain], newest, payload, key, ++clock);
    buckets[chain] = entry;
    linkNewest(entry);
    size++;
  }

  /** {@code entry.older} is what was the newest so far. */
  private void linkNewest(Entry entry) {
    if (entry.older != null) {
      entry.older.newer = entry;
    } else {
      oldest = entry;
    }
    newest = entry;
  }

  private void evict() {
    final Entry victim = oldest, newer = victim.newer;
    checkPayload(victim);
    if (victim.lastUse <= lastEvictedUse) {
      throw new WrongAnswer("the last use of an evicted entry", victim.lastUse, lastEvictedUse + 1);
    }
    lastEvictedUse = victim.lastUse;
    unchain(victim);
    oldest = newer;
    newer.older = null;
    size--;
  }

  private void unchain(Entry victim) {
    final int chain = chain(victim.key);
    if (buckets[chain] == victim) {
      buckets[chain] = victim.nextInChain;
      return;
    }
    Entry entry = buckets[chain];
    while (entry.nextInChain != victim) entry = entry.nextInChain;
    entry.nextInChain = victim.nextInChain;
  }

  private void touch(long key) {
    final Entry entry = find(key);
    if (entry == null) throw new WrongAnswer("a key in use", 0, key);
    checkPayload(entry);
    entry.lastUse = ++clock;
    final Entry newer = entry.newer;
    if (newer == null) return;
    if (entry.older != null) {
      entry.older.newer = newer;
    } else {
      oldest = newer;
    }
    newer.older = entry.older;
    entry.newer = null;
    entry.older = newest;
    linkNewest(entry);
  }

  private Entry find(long key) {
    Entry entry = buckets[chain(key)];
    while (entry != null && entry.key != key) entry = entry.nextInChain;
    return entry;
  }

  private static void checkPayload(Entry entry) {
    final byte[] payload = entry.payload;
    WrongAnswer.expectEqual("a payload's size", payload.length, payloadSize(entry.key));
    WrongAnswer.expectEqual("a payload's first byte", payload[0], firstByte(entry.key));
    WrongAnswer.expectEqual("a payload's last byte", payload[payload.length - 1], firstByte(entry.key));
  }

  // From the newest to the oldest, each used before the one in front of it, and none before the last one evicted.
  private void verifyList() {
    long walked = 0, lastUse = clock + 1;
    for (Entry entry = newest; entry != null; entry = entry.older) {
      walked++;
      checkPayload(entry);
      if (entry.lastUse >= lastUse) throw new WrongAnswer("an entry's last use", entry.lastUse, lastUse - 1);
      lastUse = entry.lastUse;
    }
    WrongAnswer.expectEqual("the number of entries in the list", walked, live);
    if (lastUse <= lastEvictedUse) throw new WrongAnswer("the oldest entry's last use", lastUse, lastEvictedUse + 1);
  }
}
