import java.nio.charset.StandardCharsets;
import java.util.Arrays;

// Job: texts for the JSON workload, made from a seed, and what a reader of each must find: as workloads/json_text.h.
final class JsonText {
  enum Kind { NUMBER, STRING, ARRAY, OBJECT }

  /** Every value in the order of the text, with its name if it is a member of an object. */
  static final class Digest {
    private long value;

    void name(byte[] name) {
      fold(SplitMix64.hashBytes(name));
    }

    void number(double number) {
      fold(Kind.NUMBER, Double.doubleToRawLongBits(number));
    }

    void text(byte[] text) {
      fold(Kind.STRING, SplitMix64.hashBytes(text));
    }

    void end(Kind kind, long items) {
      fold(kind, items);
    }

    long value() {
      return value;
    }

    private void fold(Kind kind, long word) {
      fold(kind.ordinal());
      fold(word);
    }

    private void fold(long word) {
      value = SplitMix64.mix64(value ^ word);
    }
  }

  private static final int MOST_DEPTH = 3; // of what is in a record
  private static final String CHARACTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 01234567\"\\";

  private final SplitMix64 random;
  private final StringBuilder text = new StringBuilder("[");
  private final Digest digest = new Digest();
  private final byte[] bytes;

  /** An array of records of all kinds, of at least so many characters. */
  JsonText(long seed, int least) {
    random = new SplitMix64(seed);
    int items = 0;
    do {
      if (items++ > 0) text.append(",\n");
      addObject(MOST_DEPTH);
    } while (text.length() < least);
    text.append(']');
    digest.end(Kind.ARRAY, items);
    final byte[] ascii = text.toString().getBytes(StandardCharsets.ISO_8859_1);
    bytes = Arrays.copyOf(ascii, ascii.length + 1);
  }

  /** The text; a 0 follows it. */
  byte[] bytes() {
    return bytes;
  }

  long digest() {
    return digest.value();
  }

  private void addValue(int depth) {
    final int choice = random.below(16);
    if (depth > 0 && choice < 2) {
      addArray(depth);
    } else if (depth > 0 && choice < 5) {
      addObject(depth);
    } else if (choice < 10) {
      addNumber();
    } else {
      digest.text(addString(1 + random.below(40)));
    }
  }

  private void addArray(int depth) {
    final int items = random.below(17);
    text.append('[');
    for (int i = 0; i < items; i++) {
      if (i > 0) text.append(", ");
      addValue(depth - 1);
    }
    text.append(']');
    digest.end(Kind.ARRAY, items);
  }

  private void addObject(int depth) {
    final int items = 1 + random.below(10);
    text.append('{');
    for (int i = 0; i < items; i++) {
      if (i > 0) text.append(", ");
      digest.name(addString(2 + random.below(10)));
      text.append(": ");
      addValue(depth - 1);
    }
    text.append('}');
    digest.end(Kind.OBJECT, items);
  }

  private void addNumber() {
    final int hundredths = random.below(10_000_000);
    final boolean whole = hundredths % 2 == 0, negative = hundredths % 7 == 1;
    final int units = hundredths / 100, rest = whole ? 0 : hundredths % 100;
    if (negative) text.append('-');
    text.append(units);
    if (!whole) text.append('.').append(rest / 10).append(rest % 10);
    final double size = (units * 100 + rest) / 100.0;
    digest.number(negative ? -size : size);
  }

  // What it says, without quotes and escapes.
  private byte[] addString(int length) {
    final byte[] says = new byte[length];
    text.append('"');
    for (int i = 0; i < length; i++) {
      final char character = CHARACTERS.charAt(random.below(CHARACTERS.length()));
      if (character == '"' || character == '\\') text.append('\\');
      text.append(character);
      says[i] = (byte) character;
    }
    text.append('"');
    return says;
  }
}
