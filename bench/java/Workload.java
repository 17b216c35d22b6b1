import java.util.Map;

// Job: what one thread does in a run; made before the clock starts. See harness/measure.h. Both throw WrongAnswer.
interface Workload {
  /** What is timed. */
  void run();

  /** Untimed checks of the end state. */
  void verify();

  /** Adds its own figures, if it has any and one thread. */
  default void report(Map<String, Double> figures) {}

  /** One that can be served at a rate: run() is prepare(), then step() until it has had enough. */
  interface Served extends Workload {
    void prepare();

    void step();

    long stepsUntilSteady();
  }
}
