import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

// Job: what a process has found, in the form of Google Benchmark's JSON: what the runner reads.
final class Report {
  private final List<String> benchmarks = new ArrayList<>();

  void addFigures(String name, Map<String, Double> figures) {
    final Map<String, Object> fields = fieldsOf(name);
    fields.put("iterations", 1);
    fields.putAll(figures);
    fields.put("time_unit", "s");
    benchmarks.add(object(fields));
  }

  void addFailure(String name, String message) {
    final Map<String, Object> fields = fieldsOf(name);
    fields.put("error_occurred", true);
    fields.put("error_message", message);
    benchmarks.add(object(fields));
  }

  String json() {
    return "{\"context\": %s,\n\"benchmarks\": [\n%s\n]}\n".formatted(object(context()), String.join(",\n", benchmarks));
  }

  private static Map<String, Object> fieldsOf(String name) {
    final Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", name);
    fields.put("run_name", name);
    fields.put("run_type", "iteration");
    return fields;
  }

  private static Map<String, Object> context() {
    final Map<String, Object> context = new LinkedHashMap<>();
    context.put("policy", "java");
    context.put("allocator_version", "Java " + System.getProperty("java.runtime.version"));
    context.put("compiler", System.getProperty("java.vm.name"));
    context.put("build_type", System.getProperty("java.vm.info"));
    context.put("collectors", ManagementFactory.getGarbageCollectorMXBeans().stream()
                                  .map(GarbageCollectorMXBean::getName)
                                  .collect(Collectors.joining(", ")));
    context.put("jvm_options", String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
    context.put("heap_limit_mb", Runtime.getRuntime().maxMemory() / 1e6);
    return context;
  }

  private static String object(Map<String, Object> fields) {
    return fields.entrySet().stream()
        .map(field -> quoted(field.getKey()) + ": "
                + (field.getValue() instanceof String text ? quoted(text) : field.getValue().toString()))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String quoted(String text) {
    final StringBuilder quoted = new StringBuilder("\"");
    for (char character : text.toCharArray()) {
      if (character == '"' || character == '\\') quoted.append('\\');
      quoted.append(character < ' ' ? ' ' : character);
    }
    return quoted.append('"').toString();
  }
}
