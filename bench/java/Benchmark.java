import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

// Job: which benchmarks there are, named and ordered as harness/policy_program.cc has them.
record Benchmark(String name, int threads, IntFunction<Team> team) {
  // What Google Benchmark adds to the name of every run of memgc's.
  private static final String SUFFIX = "/iterations:1/process_time/real_time";

  static List<Benchmark> all(Sizes sizes) {
    final List<Benchmark> all = new ArrayList<>();
    add(all, name("binary_trees", "depth", sizes.of(Size.TREES_DEPTH)),
        threads -> index -> new BinaryTrees(sizes, threads), 1, 2, 8);
    add(all, name("lru_cache", "live", sizes.of(Size.LRU_LIVE), "inserts", sizes.of(Size.LRU_INSERTS)),
        threads -> index -> new LruCache(sizes, index, threads), 1, 2, 8);
    add(all, name("gcbench", "depth", sizes.of(Size.GCBENCH_DEPTH)), threads -> index -> new GcBench(sizes), 1);
    add(all, name("message_queue", "live", sizes.of(Size.QUEUE_LIVE), "messages", sizes.of(Size.QUEUE_MESSAGES)),
        threads -> index -> new MessageQueue(sizes), 1);
    add(all,
        name("lru_cache_latency", "live", sizes.of(Size.LRU_LIVE), "requests", sizes.of(Size.LATENCY_REQUESTS)),
        threads -> index -> new Latency(new LruCache(sizes, index, threads), sizes), 1);
    add(all,
        name("message_queue_latency", "live", sizes.of(Size.QUEUE_LIVE), "requests", sizes.of(Size.LATENCY_REQUESTS)),
        threads -> index -> new Latency(new MessageQueue(sizes), sizes), 1);
    add(all,
        name("larson", "live", sizes.of(Size.LARSON_LIVE), "replacements", sizes.of(Size.LARSON_REPLACEMENTS)),
        threads -> new Larson.Threads(sizes, threads), 1, 2, 8);
    add(all,
        name("producer_consumer", "slots", sizes.of(Size.CHANNEL_SLOTS), "messages", sizes.of(Size.CHANNEL_MESSAGES)),
        threads -> new ProducerConsumer.Threads(sizes, threads), 2, 8);
    add(all, name("symbols", "names", sizes.of(Size.SYMBOLS_NAMES), "lookups", sizes.of(Size.SYMBOLS_LOOKUPS)),
        threads -> index -> new Symbols(sizes), 1);
    add(all, name("random_graph", "nodes", sizes.of(Size.GRAPH_NODES), "steps", sizes.of(Size.GRAPH_STEPS)),
        threads -> index -> new RandomGraph(sizes), 1);
    add(all, name("splay_tree", "live", sizes.of(Size.SPLAY_LIVE), "steps", sizes.of(Size.SPLAY_STEPS)),
        threads -> index -> new SplayTree(sizes), 1);
    add(all, name("json_documents", "live", sizes.of(Size.JSON_LIVE), "documents", sizes.of(Size.JSON_DOCUMENTS)),
        threads -> index -> new JsonDocuments(sizes), 1);
    add(all, name("big_arrays", "live", sizes.of(Size.ARRAYS_LIVE), "steps", sizes.of(Size.ARRAYS_STEPS)),
        threads -> index -> new BigArrays(sizes), 1);
    return all;
  }

  private static void add(List<Benchmark> all, String name, IntFunction<Team> team, int... threadCounts) {
    for (int threads : threadCounts) {
      all.add(new Benchmark(name + (threads == 1 ? "" : "/threads:" + threads) + SUFFIX, threads, team));
    }
  }

  private static String name(String workload, String what, long number) {
    return "%s/%s:%d".formatted(workload, what, number);
  }

  private static String name(String workload, String what, long number, String other, long otherNumber) {
    return "%s/%s:%d".formatted(name(workload, what, number), other, otherNumber);
  }
}
