import java.util.Arrays;

// Job: what a node of the splay tree carries: a small tree of its own, with arrays of numbers at its leaves. Everything
// in it follows from its key, so that any part of it can be checked by itself.
final class SplayPayload {
  private static final int DEPTH = 4;
  private static final int MIN_NUMBERS = 2, MAX_NUMBERS = 16; // in each leaf
  private static final int FIRST_LEAF = 1 << DEPTH;

  record Part(Part left, Part right, double[] numbers, long tag) {}

  private SplayPayload() {}

  static Part make(long key) {
    return make(key, 1);
  }

  /** From the root to one leaf. */
  static void checkPath(Part part, long key) {
    int place = 1;
    for (long turns = SplitMix64.mix64(key); check(part, key, place); turns >>>= 1) {
      final boolean right = (turns & 1) == 1;
      place = 2 * place + (right ? 1 : 0);
      part = right ? part.right : part.left;
    }
  }

  static void checkAll(Part part, long key) {
    checkAll(part, key, 1);
  }

  // The place of a part: 1 is the root, 2n and 2n + 1 are the parts below n.
  private static Part make(long key, int place) {
    final long tag = tag(key, place);
    if (place >= FIRST_LEAF) {
      final double[] numbers = new double[countOf(tag)];
      Arrays.fill(numbers, numberOf(tag));
      return new Part(null, null, numbers, tag);
    }
    return new Part(make(key, 2 * place), make(key, 2 * place + 1), null, tag);
  }

  private static void checkAll(Part part, long key, int place) {
    if (!check(part, key, place)) return;
    checkAll(part.left, key, 2 * place);
    checkAll(part.right, key, 2 * place + 1);
  }

  private static long tag(long key, int place) {
    return SplitMix64.mix64(key + place);
  }

  private static int countOf(long tag) {
    return SplitMix64.sizeOf(tag, MIN_NUMBERS, MAX_NUMBERS);
  }

  private static double numberOf(long tag) {
    return (double) (tag >>> 11) + 1;
  }

  // Whether there are parts below it.
  private static boolean check(Part part, long key, int place) {
    final long expected = tag(key, place);
    WrongAnswer.expectEqual("a payload's tag", part == null ? 0 : part.tag, expected);
    if (place < FIRST_LEAF) return true;
    final double[] numbers = part.numbers;
    WrongAnswer.expectEqual("how many numbers there are", numbers.length, countOf(expected));
    final double number = numberOf(expected);
    if (numbers[0] != number || numbers[numbers.length - 1] != number) {
      throw new WrongAnswer("a number", (long) numbers[0], (expected >>> 11) + 1);
    }
    return false;
  }
}
