import static java.lang.Math.max;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

// Job: tables of byte arrays that go from thread to thread; see workloads/larson.h, whose answers it checks.
//
// Threads: a table has one owner at a time, who alone touches it and what it refers to; owners change through a
// Channel, which orders what one did before what the other does.
final class Larson implements Workload {
  private static final int MIN_PAYLOAD = 16, MAX_PAYLOAD = 512; // bytes, with the length word
  private static final int PLACE_BITS = 32;

  private record Table(byte[][] slots, long number) {} // the number of its first owner

  /** The threads of a run. */
  static final class Threads implements Team {
    private final Sizes sizes;
    private final List<Channel<Table>> tablesTo = new ArrayList<>(); // by the index of the thread that takes

    Threads(Sizes sizes, int threads) {
      this.sizes = sizes;
      for (int i = 0; i < threads; i++) tablesTo.add(new Channel<>(1, 1));
    }

    @Override
    public Workload member(int index) {
      return new Larson(sizes, index, tablesTo);
    }

    @Override
    public void abandon() {
      tablesTo.forEach(Channel::abandon);
    }
  }

  private final int live;
  private final long stints, stint;
  private final int index, firstOwner;
  private final Channel<Table> from, to;
  private final SplitMix64 random;
  private long made;
  private Table table;

  private Larson(Sizes sizes, int index, List<Channel<Table>> tablesTo) {
    final int threads = tablesTo.size();
    final long handovers = sizes.of(Size.LARSON_HANDOVERS);
    live = max(sizes.intOf(Size.LARSON_LIVE) / threads, 1);
    stints = handovers + 1;
    stint = max(sizes.of(Size.LARSON_REPLACEMENTS) / threads / stints, 1);
    this.index = index;
    firstOwner = (int) ((index + threads - handovers % threads) % threads);
    from = tablesTo.get(index);
    to = tablesTo.get((index + 1) % threads);
    random = new SplitMix64(index + 1);
  }

  @Override
  public void run() {
    fill();
    replace();
    for (long i = 1; i < stints; i++) {
      to.put(table);
      table = from.take();
      replace();
    }
  }

  @Override
  public void verify() {
    WrongAnswer.expectEqual("the number of a thread's last table", table.number, firstOwner);
    WrongAnswer.expectEqual("the number of slots", table.slots.length, live);
    for (int i = 0; i < live; i++) check(table.slots[i], place(i));
  }

  /** Which slot of which table, of all. */
  private long place(int slot) {
    return table.number * live + slot;
  }

  // An object starts with its stamp: the place that it was made for, and something to tell it from others there.
  private static int payloadSize(long stamp) {
    return SplitMix64.sizeOf(SplitMix64.mix64(stamp), MIN_PAYLOAD, MAX_PAYLOAD) - Long.BYTES;
  }

  private static byte byteOf(long stamp) {
    return (byte) (stamp >>> PLACE_BITS ^ stamp);
  }

  private byte[] makePayload(long place) {
    final long stamp = place | ++made << PLACE_BITS;
    final byte[] payload = new byte[payloadSize(stamp)];
    Arrays.fill(payload, byteOf(stamp));
    SplitMix64.setWord(payload, 0, stamp);
    return payload;
  }

  private static void check(byte[] payload, long place) {
    final long stamp = SplitMix64.word(payload, 0);
    WrongAnswer.expectEqual("the place of an object", stamp & (1L << PLACE_BITS) - 1, place);
    WrongAnswer.expectEqual("an object's size", payload.length, payloadSize(stamp));
    if (payload.length > Long.BYTES) {
      WrongAnswer.expectEqual("an object's last byte", payload[payload.length - 1], byteOf(stamp));
    }
  }

  private void fill() {
    table = new Table(new byte[live][], index);
    for (int i = 0; i < live; i++) table.slots[i] = makePayload(place(i));
  }

  private void replace() {
    final byte[][] slots = table.slots;
    for (long i = 0; i < stint; i++) {
      final int chosen = random.below(live);
      final byte[] payload = makePayload(place(chosen));
      check(slots[chosen], place(chosen));
      slots[chosen] = payload;
    }
  }
}
