package io.github.jalign.ops.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ThreadTeamTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyTaskRunsOnceAndIsSeenByTheCaller(int size) {
        try (ThreadTeam team = new ThreadTeam(size)) {
            assertEquals(size, team.size());
            for (int count : new int[] {0, 1, 2, 7, 1000}) {
                for (int repeat = 0; repeat < 50; repeat++) {
                    int[] runs = new int[count]; // plain writes: forEach must publish them
                    team.forEach(count, (index, member) -> runs[index]++);
                    int[] once = new int[count];
                    Arrays.fill(once, 1);
                    assertArrayEquals(once, runs);
                }
            }
        }
    }

    @Test
    void membersWorkAtTheSameTimeEachUnderItsNumber() throws Exception {
        try (ThreadTeam team = new ThreadTeam(3)) {
            CyclicBarrier meeting = new CyclicBarrier(3);
            Set<Integer> members = ConcurrentHashMap.newKeySet();
            team.forEach(3, (index, member) -> {
                members.add(member);
                meet(meeting);
            });
            assertEquals(Set.of(0, 1, 2), members);
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void anExceptionReachesTheCallerAndTheTeamGoesOn(int size) {
        try (ThreadTeam team = new ThreadTeam(size)) {
            IllegalArgumentException planted = new IllegalArgumentException("task 5");
            AtomicInteger begun = new AtomicInteger();
            IllegalArgumentException thrown = assertThrows(
                    IllegalArgumentException.class,
                    () -> team.forEach(1_000_000, (index, member) -> {
                        begun.incrementAndGet();
                        if (index == 5) {
                            throw planted;
                        }
                    }));
            assertSame(planted, thrown);
            assertTrue(begun.get() < 1_000_000, "tasks after the failure are left out");
            AtomicInteger again = new AtomicInteger();
            team.forEach(10, (index, member) -> again.incrementAndGet());
            assertEquals(10, again.get());
        }
    }

    @Test
    void laterExceptionsAreSuppressedInTheFirst() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            CyclicBarrier meeting = new CyclicBarrier(2);
            IllegalStateException thrown = assertThrows(
                    IllegalStateException.class,
                    () -> team.forEach(2, (index, member) -> {
                        meet(meeting); // both have begun before either fails
                        throw new IllegalStateException("task " + index);
                    }));
            List<String> messages = List.of(thrown.getMessage(), thrown.getSuppressed()[0].getMessage());
            assertEquals(Set.of("task 0", "task 1"), Set.copyOf(messages));
        }
    }

    @Test
    void anErrorInAWorkerReachesTheCaller() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            CyclicBarrier meeting = new CyclicBarrier(2);
            StackOverflowError planted = new StackOverflowError();
            assertSame(
                    planted,
                    assertThrows(
                            StackOverflowError.class,
                            () -> team.forEach(2, (index, member) -> {
                                meet(meeting);
                                if (member == 1) {
                                    throw planted;
                                }
                            })));
        }
    }

    @Test
    void aTaskMayNotCallTheTeam() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            IllegalStateException e = assertThrows(
                    IllegalStateException.class,
                    () -> team.forEach(1, (index, member) -> team.forEach(1, (i, m) -> {})));
            assertEquals("the thread team is at work; one caller at a time, and no task may call it", e.getMessage());
        }
    }

    @Test
    void aClosedTeamRefusesWorkAndItsThreadsAreGone() {
        AtomicIntegerArray ran = new AtomicIntegerArray(2);
        ThreadTeam team = new ThreadTeam(2);
        CyclicBarrier meeting = new CyclicBarrier(2);
        Thread[] threads = new Thread[2];
        team.forEach(2, (index, member) -> {
            meet(meeting);
            threads[member] = Thread.currentThread();
            ran.incrementAndGet(member);
        });
        assertSame(Thread.currentThread(), threads[0], "member 0 is the caller");
        team.close();
        assertFalse(threads[1].isAlive());
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> team.forEach(1, (i, m) -> {}));
        assertEquals("the thread team is closed", e.getMessage());
    }

    @Test
    void anIdleMemberStopsSpinning() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            CyclicBarrier meeting = new CyclicBarrier(2);
            Thread[] threads = new Thread[2];
            team.forEach(2, (index, member) -> {
                threads[member] = Thread.currentThread();
                meet(meeting);
            });
            while (threads[1].getState() != Thread.State.WAITING) { // the class's timeout ends a member that never parks
                Thread.onSpinWait();
            }
            AtomicInteger ran = new AtomicInteger();
            CyclicBarrier again = new CyclicBarrier(2);
            team.forEach(2, (index, member) -> {
                meet(again); // needs the parked member
                ran.incrementAndGet();
            });
            assertEquals(2, ran.get());
        }
    }

    @Test
    void aTeamHasAtLeastOneMember() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> new ThreadTeam(0));
        assertEquals("a team has at least one member, not 0", e.getMessage());
    }
}
