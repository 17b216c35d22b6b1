import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

// Job: the command line of the benchmarks in Java: those flags of memgc's other programs that the runner gives them.
//
// Exit: 0, or 1 when a workload's answer was wrong or it failed otherwise, or 2 when it was asked for something that
// makes no sense.
final class Main {
  private static final String USAGE = """
      The benchmarks in Java. Accepted are:
        --smoke                    small sizes, to see that it works
        --benchmark_list_tests     only list the benchmarks
        --benchmark_filter=RE      only those in whose name the regular expression is found
        --benchmark_out=FILE       where the figures go, as Google Benchmark's JSON
        --latency-rate=N           workloads named *_latency: requests that arrive a second; 0, the default: one after
                                   the other
      and sizes, with their defaults:""";

  private final Sizes sizes = new Sizes();
  private boolean onlyLists;
  private Pattern filter = Pattern.compile("");
  private Path out;

  private Main() {}

  public static void main(String[] arguments) throws IOException {
    final Main main = new Main();
    for (String argument : arguments) {
      try {
        main.accept(argument);
      } catch (IllegalArgumentException error) { // a bad number or a bad regular expression, too
        fail(argument + ": " + error.getMessage());
      }
    }
    System.exit(main.run());
  }

  private void accept(String argument) {
    final int equals = argument.indexOf('=');
    final String flag = equals < 0 ? argument : argument.substring(0, equals);
    final String value = equals < 0 ? "" : argument.substring(equals + 1);
    switch (flag) {
      case "--help" -> {
        System.out.println(USAGE);
        for (Size size : Size.values()) System.out.printf("  %s=%d%n", size.flag, size.usual);
        System.exit(0);
      }
      case "--smoke" -> sizes.makeSmoke();
      case "--benchmark_list_tests" -> onlyLists = !value.equals("false");
      case "--benchmark_filter" -> filter = Pattern.compile(value);
      case "--benchmark_out" -> out = Path.of(value);
      case "--benchmark_out_format" -> {
        if (!value.equals("json")) throw new IllegalArgumentException("accepted is json");
      }
      default -> {
        if (!sizes.set(flag, value)) throw new IllegalArgumentException("not known here, see --help");
      }
    }
  }

  private static void fail(String message) {
    System.err.println("memgc-bench-java: " + message);
    System.exit(2);
  }

  private int run() throws IOException {
    final List<Benchmark> chosen =
        Benchmark.all(sizes).stream().filter(benchmark -> filter.matcher(benchmark.name()).find()).toList();
    if (chosen.isEmpty()) fail("no benchmark matches --benchmark_filter=" + filter);
    if (onlyLists) {
      chosen.forEach(benchmark -> System.out.println(benchmark.name()));
      return 0;
    }
    final Report report = new Report();
    boolean anyFailure = false;
    for (Benchmark benchmark : chosen) anyFailure |= !run(benchmark, report);
    if (out != null) Files.writeString(out, report.json());
    return anyFailure ? 1 : 0;
  }

  /** Whether its answers were right. */
  private static boolean run(Benchmark benchmark, Report report) {
    try {
      final Measurement measurement = new Measurement(benchmark.team().apply(benchmark.threads()), benchmark.threads());
      final Map<String, Double> figures = measurement.figures();
      report.addFigures(benchmark.name(), figures);
      System.out.printf("%-75s %8.3f s, CPU %7.2f s, peak %6.0f MB, %4.0f collections%n", benchmark.name(),
          figures.get("real_time"), figures.get("cpu_s"), figures.get("peak_mb"), figures.get("gc_cycles"));
      return true;
    } catch (Throwable thrown) { // a StackOverflowError, too, is a figure that is missing
      final String message = thrown instanceof WrongAnswer ? thrown.getMessage() : thrown.toString();
      System.err.println("java: " + message);
      report.addFailure(benchmark.name(), message);
      return false;
    }
  }
}
