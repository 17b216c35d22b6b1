import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

// Job: deterministic numbers for workloads, the same as harness/random.h makes. Threads: an object is of one thread.
final class SplitMix64 {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
  private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, LITTLE_ENDIAN);

  private long state;

  SplitMix64(long seed) {
    state = seed;
  }

  /** A bijection of words that looks random. */
  static long mix64(long x) {
    x += GOLDEN_GAMMA;
    x = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
    x = (x ^ x >>> 27) * 0x94d049bb133111ebL;
    return x ^ x >>> 31;
  }

  /** Of the bytes and their number. */
  static long hashBytes(byte[] bytes) {
    long hash = bytes.length;
    int i = 0;
    for (; i <= bytes.length - Long.BYTES; i += Long.BYTES) hash = mix64(hash ^ word(bytes, i));
    if (i == bytes.length) return hash;
    long rest = 0;
    for (int last = bytes.length - 1; last >= i; last--) rest = rest << Byte.SIZE | bytes[last] & 0xff;
    return mix64(hash ^ rest);
  }

  /** The word at an index of its first byte. */
  static long word(byte[] bytes, int index) {
    return (long) WORDS.get(bytes, index);
  }

  static void setWord(byte[] bytes, int index, long word) {
    WORDS.set(bytes, index, word);
  }

  /** The size of something that a hash decides: {@code least} to {@code most}, both included. */
  static int sizeOf(long hash, int least, int most) {
    return least + (int) Long.remainderUnsigned(hash, most - least + 1);
  }

  long next() {
    final long value = mix64(state);
    state += GOLDEN_GAMMA;
    return value;
  }

  /** Uniform in [0, bound), but for a bias below bound / 2^32; bound is at most 2^31. */
  int below(long bound) {
    return (int) ((next() >>> 32) * bound >>> 32);
  }
}
