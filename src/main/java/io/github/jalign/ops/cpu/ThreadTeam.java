package io.github.jalign.ops.cpu;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that stay and share out numbered tasks: the caller is member 0, the others wait, first spinning and soon
 * parked, for the next {@link #forEach}. Members claim task numbers from a counter, so who runs what differs from run to
 * run; a task's result must depend on its number alone. The end of {@code forEach} is a barrier: all that the tasks
 * wrote is visible to the caller.
 *
 * <p>One thread at a time may call {@code forEach}, and no task may call it again. A caller never waits for a member
 * that came too late to claim anything.
 */
public final class ThreadTeam implements AutoCloseable {
    /** A waiting member keeps its core this long: about the time between two kernels, and nothing to a human. */
    private static final long SPIN_NANOS = 50_000;

    /** One share of the work. */
    @FunctionalInterface
    public interface Task {
        /**
         * Does it.
         *
         * @param index the number of the task, from 0
         * @param member who runs it, from 0 to below {@link ThreadTeam#size()}; names a workspace, never a result
         */
        void run(int index, int member);
    }

    private final Worker[] workers;
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile @Nullable Job current;
    private volatile boolean closed;

    /**
     * Starts the threads.
     *
     * @param size members, the caller among them; at least 1
     */
    public ThreadTeam(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a team has at least one member, not " + size);
        }
        workers = new Worker[size - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].start();
        }
    }

    public int size() {
        return workers.length + 1;
    }

    /**
     * Runs tasks 0 to {@code count - 1} and returns when all are done. When a task throws, tasks not yet begun are
     * left out and the first exception is thrown here, later ones suppressed in it.
     */
    public void forEach(int count, Task task) {
        if (closed) {
            throw new IllegalStateException("the thread team is closed");
        }
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("the thread team is at work; one caller at a time, and no task may call it");
        }
        try {
            Job job = new Job(task, count);
            if (count > 1 && workers.length > 0) {
                current = job;
                for (int i = 0; i < Math.min(workers.length, count - 1); i++) {
                    workers[i].wake();
                }
            }
            job.work(0);
            job.await();
            job.rethrow();
        } finally {
            current = null;
            busy.set(false);
        }
    }

    /** Ends the threads and waits for them. */
    @Override
    public void close() {
        closed = true;
        boolean interrupted = false;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The tasks of one {@code forEach}. A member that meets it too late claims nothing and leaves. */
    private static final class Job {
        private final Task task;
        private final int count;
        private final Thread caller = Thread.currentThread();
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger finished = new AtomicInteger();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Job(Task task, int count) {
            this.task = task;
            this.count = count;
        }

        void work(int member) {
            int mine = 0;
            for (int index = next.getAndIncrement(); index < count; index = next.getAndIncrement()) {
                if (failure.get() == null) {
                    runOne(index, member);
                }
                mine++;
            }
            if (mine > 0 && finished.addAndGet(mine) == count) {
                LockSupport.unpark(caller);
            }
        }

        private void runOne(int index, int member) {
            try {
                task.run(index, member);
            } catch (Throwable t) { // handed to the caller by rethrow()
                Throwable first = failure.compareAndExchange(null, t);
                if (first != null && first != t) {
                    first.addSuppressed(t);
                }
            }
        }

        void await() {
            long start = System.nanoTime();
            while (finished.get() < count) {
                if (System.nanoTime() - start < SPIN_NANOS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
        }

        void rethrow() {
            Throwable thrown = failure.get();
            switch (thrown) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw new IllegalStateException("a task threw a checked exception", thrown);
            }
        }
    }

    private final class Worker extends Thread {
        private final int member;
        private volatile boolean parked;

        Worker(int member) {
            super("jalign-cpu-" + member);
            this.member = member;
            setDaemon(true);
        }

        @Override
        public void run() {
            Job seen = null;
            for (Job job = await(seen); job != null; job = await(seen)) {
                job.work(member);
                seen = job;
            }
        }

        /** The next job after {@code seen}, or null when the team is closed. */
        private @Nullable Job await(@Nullable Job seen) {
            long start = System.nanoTime();
            while (!closed) {
                Job job = current;
                if (job != null && job != seen) {
                    return job;
                }
                if (System.nanoTime() - start < SPIN_NANOS) {
                    Thread.onSpinWait();
                    continue;
                }
                parked = true; // before the last look, as wake() publishes before it reads the flag
                if (!closed && (current == null || current == seen)) {
                    LockSupport.park(ThreadTeam.this);
                }
                parked = false;
            }
            return null;
        }

        void wake() {
            if (parked) {
                LockSupport.unpark(this);
            }
        }
    }
}
