import static java.lang.Math.max;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

// Job: a bounded queue between threads that wakes a sleeper once for many items, as workloads/channel.h.
//
// Who finds it empty sleeps until it is half full, who finds it full until it is half empty; no queue of
// java.util.concurrent does that. Threads: any number put and take at once; all fields are touched under the lock.
final class Channel<T> {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition(), drained = lock.newCondition();
  private final Object[] slots;
  private int first, size;
  private int writers;
  private boolean abandoned;

  /** {@code writers}: how many threads will close() it. */
  Channel(int capacity, int writers) {
    slots = new Object[capacity];
    this.writers = writers;
  }

  void put(T item) {
    lock.lock();
    try {
      if (size == slots.length) {
        while (!abandoned && size > slots.length / 2) drained.awaitUninterruptibly();
      }
      refuseIfAbandoned();
      slots[(first + size) % slots.length] = item;
      if (++size == halfFull()) filled.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Null: nothing is left, and every writer has closed. */
  T take() {
    lock.lock();
    try {
      if (size == 0) {
        while (!abandoned && size < halfFull() && writers > 0) filled.awaitUninterruptibly();
      }
      refuseIfAbandoned();
      if (size == 0) return null;
      @SuppressWarnings("unchecked") // put() takes nothing else
      final T item = (T) slots[first];
      slots[first] = null;
      first = (first + 1) % slots.length;
      if (--size == slots.length / 2) drained.signalAll();
      return item;
    } finally {
      lock.unlock();
    }
  }

  /** By each writer, after its last put(). */
  void close() {
    lock.lock();
    try {
      if (--writers == 0) filled.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Who waits, and who comes from now on, fails. */
  void abandon() {
    lock.lock();
    try {
      abandoned = true;
      filled.signalAll();
      drained.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private int halfFull() {
    return max(slots.length / 2, 1);
  }

  private void refuseIfAbandoned() {
    if (abandoned) throw new WrongAnswer("another thread of this run has failed");
  }
}
