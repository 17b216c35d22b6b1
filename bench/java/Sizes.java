import java.util.EnumMap;
import java.util.Map;

// Job: the sizes of one process, as its command line says.
final class Sizes {
  private final Map<Size, Long> values = new EnumMap<>(Size.class);
  private double latencyRate;

  Sizes() {
    for (Size size : Size.values()) values.put(size, size.usual);
  }

  long of(Size size) {
    return values.get(size);
  }

  /** Of a size that is at most 2^30. */
  int intOf(Size size) {
    return Math.toIntExact(of(size));
  }

  /** Requests a second of the workloads named *_latency; 0: one after the other. */
  double latencyRate() {
    return latencyRate;
  }

  /** To see that everything works, in no time. */
  void makeSmoke() {
    for (Size size : Size.values()) values.put(size, size.smoke);
  }

  /** Whether the flag is one of a size. Throws IllegalArgumentException if its value makes no sense. */
  boolean set(String flag, String value) {
    if (flag.equals("--latency-rate")) {
      latencyRate = Double.parseDouble(value);
      if (!(latencyRate >= 0 && latencyRate <= 1e9)) throw outOfRange("0", "1e9");
      return true;
    }
    for (Size size : Size.values()) {
      if (!size.flag.equals(flag)) continue;
      final long number = Long.parseLong(value);
      if (number < size.least || number > size.most) throw outOfRange(size.least, size.most);
      values.put(size, number);
      return true;
    }
    return false;
  }

  private static IllegalArgumentException outOfRange(Object least, Object most) {
    return new IllegalArgumentException("accepted are %s to %s".formatted(least, most));
  }
}
