// Job: big arrays, from 4 KiB to 4 MiB: a table of arrays of numbers and of arrays of references, replaced at random;
// see workloads/big_arrays.h, whose answers it checks. As many elements as there, though references take 4 bytes here.
final class BigArrays implements Workload {
  private static final long SMALLEST = 4096; // bytes, with the length word
  private static final int RECORDS = 1 << 16; // that references point to

  private record Record(long number) {}

  private final int pairs;
  private final long steps;
  private final int octaves;
  private final long[] sums; // by place
  private final SplitMix64 random = new SplitMix64(1);
  private Record[] records;
  // Even places are numbers', odd ones references'.
  private long[][] numbers;
  private Record[][] views;

  BigArrays(Sizes sizes) {
    pairs = sizes.intOf(Size.ARRAYS_LIVE) / 2;
    steps = sizes.of(Size.ARRAYS_STEPS);
    octaves = Long.SIZE - 1 - Long.numberOfLeadingZeros(sizes.of(Size.ARRAYS_LARGEST) / SMALLEST);
    sums = new long[2 * pairs];
  }

  @Override
  public void run() {
    records = new Record[RECORDS];
    for (int i = 0; i < RECORDS; i++) records[i] = new Record(SplitMix64.mix64(i));
    numbers = new long[pairs][];
    views = new Record[pairs][];
    for (int place = 0; place < 2 * pairs; place++) replace(place);
    for (long i = 0; i < steps; i++) {
      final int place = random.below(2 * pairs);
      check(place);
      replace(place);
    }
  }

  @Override
  public void verify() {
    for (int place = 0; place < 2 * pairs; place++) check(place);
  }

  private int nextCount() {
    final long bytes = SMALLEST << random.below(octaves);
    return (int) ((bytes + random.below(bytes)) / Long.BYTES - 1); // the length is a word, too
  }

  // What was there is gone before the new one is made, as in a program that is short of memory.
  private void replace(int place) {
    final int count = nextCount();
    if (place % 2 == 0) {
      numbers[place / 2] = null;
      fillNumbers(place, count);
    } else {
      views[place / 2] = null;
      fillView(place, count);
    }
  }

  private void fillNumbers(int place, int count) {
    final long[] array = new long[count];
    long sum = 0;
    for (int i = 0; i < count; i++) sum += array[i] = random.next();
    numbers[place / 2] = array;
    sums[place] = sum;
  }

  private void fillView(int place, int count) {
    final Record[] view = new Record[count];
    long sum = 0;
    for (int i = 0; i < count; i++) {
      final int record = random.below(RECORDS);
      view[i] = records[record];
      sum += SplitMix64.mix64(record);
    }
    views[place / 2] = view;
    sums[place] = sum;
  }

  private void check(int place) {
    long sum = 0;
    if (place % 2 == 0) {
      for (long number : numbers[place / 2]) sum += number;
    } else {
      for (Record record : views[place / 2]) sum += record.number;
    }
    WrongAnswer.expectEqual("the sum of an array", sum, sums[place]);
  }
}
