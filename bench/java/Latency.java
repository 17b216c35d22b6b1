import java.util.Map;

// Job: another workload as a server of requests that arrive at a fixed rate, as workloads/latency.h has it: each latency
// counts from when its request was due. Between requests the thread watches the clock.
final class Latency implements Workload {
  private static final int STEPS = 16; // per request

  private final Workload.Served served;
  private final long requests;
  private final double rate; // requests a second; 0: one after the other
  private final LatencyHistogram latencies = new LatencyHistogram();
  private double seconds;

  // Everything is in place, and has been replaced once, before the first request is due.
  Latency(Workload.Served served, Sizes sizes) {
    this.served = served;
    requests = sizes.of(Size.LATENCY_REQUESTS);
    rate = sizes.latencyRate();
    served.prepare();
    for (long steps = served.stepsUntilSteady(); steps > 0; steps--) served.step();
  }

  @Override
  public void run() {
    final double intervalNs = rate > 0 ? 1e9 / rate : 0;
    final long start = System.nanoTime();
    long end = start;
    for (long i = 0; i < requests; i++) {
      final long due = rate > 0 ? start + (long) (i * intervalNs) : end;
      while (end - due < 0) {
        Thread.onSpinWait();
        end = System.nanoTime();
      }
      for (int step = 0; step < STEPS; step++) served.step();
      end = System.nanoTime();
      latencies.add(end - due);
    }
    seconds = (end - start) / 1e9;
  }

  @Override
  public void verify() {
    served.verify();
  }

  @Override
  public void report(Map<String, Double> figures) {
    figures.put("latency_p50_us", latencies.quantile(0.5) / 1e3);
    figures.put("latency_p90_us", latencies.quantile(0.9) / 1e3);
    figures.put("latency_p99_us", latencies.quantile(0.99) / 1e3);
    figures.put("latency_p999_us", latencies.quantile(0.999) / 1e3);
    figures.put("latency_p9999_us", latencies.quantile(0.9999) / 1e3);
    figures.put("latency_max_us", latencies.max() / 1e3);
    figures.put("requests_due_per_s", rate);
    figures.put("requests_per_s", latencies.count() / seconds);
  }
}
