import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

// Job: run one workload once, on one or several threads, and count what that costs: as harness/measure.h.
//
// The clock starts when every thread has made its Workload. Nothing is run before to warm up: a process of memgc's has
// no such advantage either, and what the JIT compiles meanwhile is part of the CPU time.
final class Measurement {
  private final Team team;
  private final int threads;
  private final Map<String, Double> figures = new LinkedHashMap<>();
  private final AtomicReference<Throwable> error = new AtomicReference<>(); // the first
  private Usage before;
  private long start;

  Measurement(Team team, int threads) {
    this.team = team;
    this.threads = threads;
  }

  /** Of a run whose answers were right. Throws what a thread has thrown. */
  Map<String, Double> figures() throws Throwable {
    if (threads == 1) {
      runHere();
    } else {
      runOnTeam();
    }
    if (error.get() != null) throw error.get();
    return figures;
  }

  private void runHere() {
    final Workload workload = team.member(0);
    begin();
    workload.run();
    end();
    workload.verify();
    workload.report(figures);
  }

  private void runOnTeam() throws InterruptedException {
    final CountDownLatch ready = new CountDownLatch(threads), go = new CountDownLatch(1);
    final CountDownLatch done = new CountDownLatch(threads), leave = new CountDownLatch(1);
    final Thread[] members = new Thread[threads];
    for (int i = 0; i < threads; i++) {
      final int index = i;
      members[i] = new Thread(() -> member(index, ready, go, done, leave));
      members[i].start();
    }
    ready.await();
    begin();
    go.countDown();
    done.await();
    end();
    leave.countDown();
    for (Thread member : members) member.join();
  }

  // A latch is always counted down, whatever is thrown: nobody waits for a thread that has failed.
  private void member(int index, CountDownLatch ready, CountDownLatch go, CountDownLatch done, CountDownLatch leave) {
    try {
      final Workload workload = team.member(index);
      ready.countDown();
      go.await();
      workload.run();
      done.countDown();
      leave.await();
      workload.verify();
    } catch (Throwable thrown) {
      error.compareAndSet(null, thrown);
      team.abandon();
      ready.countDown();
      done.countDown();
    }
  }

  private void begin() {
    before = Usage.now();
    start = System.nanoTime();
  }

  private void end() {
    final double seconds = (System.nanoTime() - start) / 1e9;
    final Usage used = Usage.now().since(before);
    figures.put("real_time", seconds);
    figures.put("cpu_time", used.cpuSeconds());
    figures.put("user_s", used.userSeconds());
    figures.put("sys_s", used.systemSeconds());
    figures.put("cpu_s", used.cpuSeconds());
    figures.put("minor_faults", used.minorFaults());
    figures.put("major_faults", used.majorFaults());
    figures.put("workload_threads", (double) threads);
    figures.put("peak_mb", Usage.peakResidentMb());
    figures.put("gc_cycles", used.collections());
    figures.put("gc_wall_s", used.collectionSeconds()); // a collection stops all threads for as long as it takes
  }
}
