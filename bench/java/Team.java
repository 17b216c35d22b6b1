// Job: all threads of one run: what they share, and what each of them does.
interface Team {
  /** The workload of one thread, made by that thread before the clock starts. */
  Workload member(int index);

  /** A thread has failed: from now on nobody waits for another. Called by any thread. */
  default void abandon() {}
}
