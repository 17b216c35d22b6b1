import static java.lang.Math.max;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

// Job: documents parsed from JSON text, each kept until so many newer ones have come; see workloads/json_documents.h,
// whose answers it checks. Texts and strings are bytes, as there.
final class JsonDocuments implements Workload {
  private static final int TEXTS = 100, FIRST_ITEMS = 4;

  private static final class Value {
    final JsonText.Kind kind;
    byte[] name; // of a member of an object
    byte[] text; // of a string
    Value[] items; // of an array or an object, with room for more
    int count; // of the items
    double number;

    Value(JsonText.Kind kind) {
      this.kind = kind;
    }
  }

  private final int live;
  private final long documents;
  private final JsonText[] texts = new JsonText[TEXTS];
  private Value[] window;
  private byte[] source; // the text that is being parsed, which a 0 ends
  private int at; // in it

  JsonDocuments(Sizes sizes) {
    live = sizes.intOf(Size.JSON_LIVE);
    documents = max(sizes.of(Size.JSON_DOCUMENTS), live);
    // Texts of 1, 2, 4, 8 and 16 KiB, and somewhat more.
    for (int i = 0; i < TEXTS; i++) texts[i] = new JsonText(SplitMix64.mix64(i), 1024 << i % 5);
  }

  @Override
  public void run() {
    window = new Value[live];
    for (long number = 0; number < documents; number++) {
      if (number >= live) leave(number - live);
      arrive(number);
    }
  }

  @Override
  public void verify() {
    for (long number = documents - live; number < documents; number++) read(number);
  }

  private JsonText textOf(long number) {
    return texts[(int) Long.remainderUnsigned(SplitMix64.mix64(number), TEXTS)];
  }

  private int place(long number) {
    return (int) (number % live);
  }

  private void arrive(long number) {
    source = textOf(number).bytes();
    at = 0;
    window[place(number)] = parseValue();
    expect('\0');
  }

  private void leave(long number) {
    read(number);
    window[place(number)] = null;
  }

  private void read(long number) {
    final JsonText.Digest digest = new JsonText.Digest();
    read(window[place(number)], digest);
    WrongAnswer.expectEqual("a document's digest", digest.value(), textOf(number).digest());
  }

  private static void read(Value value, JsonText.Digest digest) {
    if (value.name != null) digest.name(value.name);
    switch (value.kind) {
      case NUMBER -> digest.number(value.number);
      case STRING -> digest.text(value.text);
      case ARRAY, OBJECT -> {
        for (int i = 0; i < value.count; i++) read(value.items[i], digest);
        digest.end(value.kind, value.count);
      }
    }
  }

  // What stands at `at` is consumed.
  private Value parseValue() {
    skipSpace();
    switch (source[at]) {
      case '[':
        return parseItems(JsonText.Kind.ARRAY, (byte) ']');
      case '{':
        return parseItems(JsonText.Kind.OBJECT, (byte) '}');
      case '"': {
        final Value value = new Value(JsonText.Kind.STRING);
        value.text = parseString();
        return value;
      }
      default: {
        final Value value = new Value(JsonText.Kind.NUMBER);
        value.number = parseNumber();
        return value;
      }
    }
  }

  private Value parseItems(JsonText.Kind kind, byte last) {
    final Value whole = new Value(kind);
    whole.items = new Value[FIRST_ITEMS];
    at++;
    for (skipSpace(); source[at] != last; skipSpace()) {
      if (whole.count > 0) expect(',');
      byte[] name = null;
      if (kind == JsonText.Kind.OBJECT) {
        name = parseString();
        expect(':');
      }
      final Value item = parseValue();
      item.name = name;
      append(whole, item);
    }
    at++;
    return whole;
  }

  private static void append(Value whole, Value item) {
    if (whole.count == whole.items.length) whole.items = Arrays.copyOf(whole.items, 2 * whole.count);
    whole.items[whole.count++] = item;
  }

  private byte[] parseString() {
    expect('"');
    int length = 0;
    for (int i = at; source[i] != '"'; i += source[i] == '\\' ? 2 : 1) length++;
    final byte[] text = new byte[length];
    for (int i = 0; i < length; i++) {
      if (source[at] == '\\') at++;
      text[i] = source[at++];
    }
    expect('"');
    return text;
  }

  // 15 digits and 10^15 are exact as doubles, so one division rounds once (Clinger, PLDI 1990), and no String is needed.
  private double parseNumber() {
    final int start = at;
    final boolean negative = source[at] == '-';
    if (negative) at++;
    final int firstDigit = at;
    long digits = 0, scale = 1;
    for (; isDigit(source[at]); at++) digits = 10 * digits + (source[at] - '0');
    if (at == firstDigit) throw new WrongAnswer("what begins a value", source[at], '0');
    if (source[at] == '.') {
      for (at++; isDigit(source[at]); at++) {
        digits = 10 * digits + (source[at] - '0');
        scale *= 10;
      }
    }
    if (at - firstDigit > 15 || source[at] == 'e' || source[at] == 'E') return parseLongNumber(start);
    final double size = (double) digits / scale;
    return negative ? -size : size;
  }

  private double parseLongNumber(int start) {
    while (isDigit(source[at]) || "eE+-".indexOf(source[at]) >= 0) at++;
    return Double.parseDouble(new String(source, start, at - start, StandardCharsets.ISO_8859_1));
  }

  private static boolean isDigit(byte character) {
    return character >= '0' && character <= '9';
  }

  private void skipSpace() {
    while (source[at] == ' ' || source[at] == '\n') at++;
  }

  private void expect(char character) {
    skipSpace();
    WrongAnswer.expectEqual("a character", source[at], character);
    if (character != '\0') at++;
  }
}
