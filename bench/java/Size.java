// Job: how large each workload is: flags with their defaults and limits, as workloads/sizes.h and harness/main.cc have
// them, but that what becomes an array's length is at most 2^30.
enum Size {
  TREES_DEPTH("trees-depth", 20, 12, 6, 26),
  LRU_LIVE("lru-live", 1_000_000, 10_000, 64, 1L << 30),
  LRU_INSERTS("lru-inserts", 10_000_000, 100_000, 1, 1L << 40),
  GCBENCH_DEPTH("gcbench-depth", 18, 10, 4, 24),
  QUEUE_LIVE("queue-live", 200_000, 2_000, 1, 1L << 32),
  QUEUE_MESSAGES("queue-messages", 10_000_000, 100_000, 1, 1L << 40),
  LATENCY_REQUESTS("latency-requests", 500_000, 5_000, 1, 1L << 32),
  LARSON_LIVE("larson-live", 200_000, 2_000, 1, 1L << 30),
  LARSON_REPLACEMENTS("larson-replacements", 10_000_000, 100_000, 1, 1L << 40),
  LARSON_HANDOVERS("larson-handovers", 40, 10, 0, 1L << 20),
  CHANNEL_SLOTS("channel-slots", 65_536, 1_000, 1, 1L << 30),
  CHANNEL_MESSAGES("channel-messages", 10_000_000, 50_000, 1, 1L << 40),
  SCHEME_PERCENT("scheme-percent", 100, 1, 1, 100_000), // of a program of its own, but every program gets all flags
  SYMBOLS_NAMES("symbols-names", 1 << 24, 1 << 16, 4096, 1L << 32),
  SYMBOLS_LOOKUPS("symbols-lookups", 6_000_000, 100_000, 1, 1L << 40),
  GRAPH_NODES("graph-nodes", 300_000, 10_000, 1, 1L << 30),
  GRAPH_STEPS("graph-steps", 2_000_000, 100_000, 1, 1L << 40),
  SPLAY_LIVE("splay-live", 30_000, 1_000, 1, 1L << 32),
  SPLAY_STEPS("splay-steps", 400_000, 10_000, 1, 1L << 40),
  JSON_LIVE("json-live", 2_000, 20, 1, 1L << 30),
  JSON_DOCUMENTS("json-documents", 40_000, 200, 1, 1L << 40),
  ARRAYS_LIVE("arrays-live", 128, 64, 2, 1L << 30),
  ARRAYS_STEPS("arrays-steps", 3_500, 500, 1, 1L << 40),
  ARRAYS_LARGEST("arrays-largest", 4 << 20, 64 << 10, 8192, 1L << 32);

  final String flag;
  final long usual, smoke, least, most;

  Size(String flag, long usual, long smoke, long least, long most) {
    this.flag = "--" + flag;
    this.usual = usual;
    this.smoke = smoke;
    this.least = least;
    this.most = most;
  }
}
