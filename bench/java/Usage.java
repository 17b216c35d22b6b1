import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

// Job: what kernel and JVM know of this process: CPU time of all its threads, the JVM's own included, page faults,
// memory, collections.
record Usage(double userSeconds, double systemSeconds, double minorFaults, double majorFaults, double collections,
    double collectionSeconds) {
  private static final double TICKS_PER_SECOND = 100; // in which Linux counts CPU time in /proc, whatever it is itself
  private static final List<GarbageCollectorMXBean> COLLECTORS = ManagementFactory.getGarbageCollectorMXBeans();

  static Usage now() {
    // The name of the program, in parentheses, may hold spaces; the state after it is the third field of proc(5).
    final String stat = read("/proc/self/stat");
    final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    double collections = 0, milliseconds = 0;
    for (GarbageCollectorMXBean collector : COLLECTORS) {
      collections += collector.getCollectionCount();
      milliseconds += collector.getCollectionTime();
    }
    return new Usage(field(fields, 14) / TICKS_PER_SECOND, field(fields, 15) / TICKS_PER_SECOND, field(fields, 10),
        field(fields, 12), collections, milliseconds / 1e3);
  }

  double cpuSeconds() {
    return userSeconds + systemSeconds;
  }

  /** What was used from {@code earlier} to this. */
  Usage since(Usage earlier) {
    return new Usage(userSeconds - earlier.userSeconds, systemSeconds - earlier.systemSeconds,
        minorFaults - earlier.minorFaults, majorFaults - earlier.majorFaults, collections - earlier.collections,
        collectionSeconds - earlier.collectionSeconds);
  }

  /** The most memory that this process has had resident so far (VmHWM). */
  static double peakResidentMb() {
    return read("/proc/self/status").lines()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024 / 1e6)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no VmHWM in /proc/self/status"));
  }

  private static double field(String[] fields, int number) {
    return Double.parseDouble(fields[number - 3]);
  }

  private static String read(String path) {
    try {
      return Files.readString(Path.of(path));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
