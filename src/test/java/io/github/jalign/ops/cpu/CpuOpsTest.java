package io.github.jalign.ops.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.CountingOps;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands around the operators: memory, its plan, and misuse. */
class CpuOpsTest {
    private static final Workload SMALL = new Workload(40, 30, 4, 2, 16, 64, 32, 100, 8, true);
    private static final Workload LARGE = new Workload(900, 700, 9, 3, 64, 3072, 576, 49152, 64, true);

    private final Ops ops = new CpuOps(2);

    @AfterEach
    void close() {
        ops.close();
    }

    private Tensor tensor(DType type, int rows, int cols) {
        return ops.allocate("test", List.of(new TensorSpec("x", type, rows, cols))).get("x");
    }

    private Tensor ids(int... values) {
        Tensor ids = ops.allocate("ids", List.of(new TensorSpec("ids", DType.I32, 1, values.length))).get("ids");
        ops.write(ids, values);
        return ids;
    }

    private Tensor floats(int rows, int cols) {
        return tensor(DType.F32, rows, cols);
    }

    @Test
    void theDryRunCountsWhatTheRunTakes() {
        try (CountingOps plan = new CountingOps(DType.F32, DType.F32, load -> CpuOps.workspace(load, 2))) {
            for (Ops each : List.of(plan, ops)) {
                each.allocate("weights", List.of(new TensorSpec("w", DType.F32, 33, 7)));
                TensorArena passing = each.allocate("passing", List.of(new TensorSpec("p", DType.F32, 1000, 100)));
                each.reserve(SMALL);
                passing.close();
                each.reserve(LARGE);
                each.allocate("more", List.of(new TensorSpec("m", DType.F32, 5, 5)));
            }
            assertEquals(plan.allocatedBytes(), ops.allocatedBytes());
            assertEquals(plan.peakBytes(), ops.peakBytes());
        }
    }

    @Test
    void aLargerWorkloadGrowsTheWorkspaceAndASmallerOneDoesNot() {
        ops.reserve(LARGE);
        long large = ops.allocatedBytes();
        ops.reserve(SMALL);
        assertEquals(large, ops.allocatedBytes());
        ops.reserve(new Workload(901, 30, 4, 2, 16, 64, 32, 100, 8, true));
        assertTrue(ops.allocatedBytes() > large);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theWorkspaceTakesTheBytesThatArePlanned(boolean gradients) {
        Workload large = new Workload(900, 700, 9, 3, 64, 3072, 576, 49152, 64, gradients);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ops.reserve(new Workload(40, 30, 4, 2, 16, 64, 32, 100, 8, gradients)); // classes are loaded
        long before = ops.allocatedBytes();
        long allocated = threads.getCurrentThreadAllocatedBytes();
        ops.reserve(large);
        allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
        long planned = ops.allocatedBytes();
        assertTrue(planned > before);
        // The JVM counts also what it leaves unused at the end of a thread's buffer when an array does not fit.
        assertTrue(
                allocated >= planned && allocated < 1.05 * planned, allocated + " allocated, " + planned + " planned");
    }

    /** Keys and values by columns and by rows, scores and a share of each head: none of it where nothing is trained. */
    @Test
    void inferenceReservesNothingForGradients() {
        Workload inference = new Workload(40, 30, 1, 1, 8, 64, 32, 100, 8, false);
        ops.reserve(inference);
        Tensor qkv = floats(3, 24);
        Tensor out = floats(3, 8);
        Tensor lse = floats(3, 1);
        Segments segments = Segments.sequences(3);
        AttentionShape shape = new AttentionShape(1, 1, 8, 0);
        ops.attention(qkv, segments, shape, out, lse);
        refused(
                "gradients of attention, but reserved was a workload without",
                () -> ops.attentionBackward(out, qkv, out, lse, segments, shape, qkv));
        long small = ops.allocatedBytes();
        ops.reserve(new Workload(40, 30, 1, 1, 8, 64, 32, 100, 8, true));
        assertTrue(ops.allocatedBytes() > small);
        ops.attentionBackward(out, qkv, out, lse, segments, shape, floats(3, 24));
    }

    @Test
    void operatorsNeedAReservation() {
        Tensor x = floats(3, 8);
        Tensor w = floats(8, 8);
        IllegalStateException e =
                assertThrows(IllegalStateException.class, () -> ops.weight(w).linearDx(x, x, false));
        assertEquals("operators may be called only after reserve", e.getMessage());
    }

    private static void refused(String message, Executable action) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, action).getMessage());
    }

    @Test
    void wrongShapesAreRefused() {
        ops.reserve(SMALL);
        Tensor x = floats(3, 8);
        Tensor w = floats(5, 8);
        Tensor y = floats(3, 5);
        refused("expected [3, 8], not x[5, 8] F32", () -> ops.add(x, w, x));
        refused("expected [3, 8], not x[3, 5] F32", () -> ops.copy(x, y));
        refused("expected [3, 5], not x[3, 8] F32", () -> ops.weight(w).linear(x, x, false));
        refused("expected [3, 8], not x[3, 5] F32", () -> ops.weight(w).linear(y, y, false));
        refused("expected [5, 8], not x[3, 5] F32", () -> ops.weight(w).linearDw(y, x, y));
        refused("expected [1, 8], not x[5, 8] F32", () -> ops.rmsNorm(x, w, 1e-5, x, y));
        refused("expected [3, 16], not x[3, 8] F32", () -> ops.swiglu(x, x));
        refused(
                "no 3 heads of 4 in x[3, 8] F32, or no room for the angles of x[5, 8] F32",
                () -> ops.rope(x, tensor(DType.I32, 1, 3), w, w, 3, 4));
        refused(
                "expected [7, 16], not x[3, 8] F32",
                () -> ops.attention(x, Segments.sequences(7), new AttentionShape(2, 1, 4, 0), x, x));
    }

    @Test
    void onlyFloatsAreComputedWith() {
        Tensor ids = tensor(DType.I32, 1, 8);
        refused("x[1, 8] I32 is not F32", () -> ops.fill(ids, 1));
    }

    @Test
    void rowsThatATableLacksAreRefused() {
        Tensor table = floats(5, 8);
        Tensor out = floats(1, 8);
        Tensor ids = tensor(DType.I32, 1, 1);
        for (int id : new int[] {5, -1, Integer.MIN_VALUE}) {
            ops.write(ids, new int[] {id});
            assertThrows(IndexOutOfBoundsException.class, () -> ops.embed(table, ids, out));
            assertThrows(IndexOutOfBoundsException.class, () -> ops.embedBackward(out, ids, -1, table));
        }
    }

    @Test
    void attentionBeyondTheReservedSizesIsRefused() {
        ops.reserve(SMALL);
        AttentionShape shape = new AttentionShape(4, 2, 16, 0);
        Segments longer = Segments.sequences(31);
        Segments chain = new Segments(new int[] {0, 20}, new int[] {-1, 0}, 31);
        Segments more = Segments.sequences(21, 20);
        for (Segments segments : List.of(longer, chain, more)) {
            int t = segments.tokens();
            Tensor qkv = floats(t, shape.packedWidth());
            Tensor out = floats(t, shape.queryWidth());
            Tensor lse = floats(t, shape.heads());
            String message = t == 41
                    ? "41 tokens, 21 keys and 4 heads of 16, but reserved were 40, 30 and 4 of 16"
                    : "31 tokens, 31 keys and 4 heads of 16, but reserved were 40, 30 and 4 of 16";
            refused(message, () -> ops.attention(qkv, segments, shape, out, lse));
            refused(message, () -> ops.attentionBackward(out, qkv, out, lse, segments, shape, qkv));
        }
        Tensor wide = floats(3, 4 * 32 + 2 * 2 * 32);
        refused(
                "3 tokens, 3 keys and 4 heads of 32, but reserved were 40, 30 and 4 of 16",
                () -> ops.attention(
                        wide, Segments.sequences(3), new AttentionShape(4, 2, 32, 0), floats(3, 128), floats(3, 4)));
        Tensor cache = floats(40, shape.keyWidth());
        refused(
                "31 keys, but reserved were 30",
                () -> ops.attentionCached(
                        floats(1, shape.packedWidth()), cache, cache, ids(30), shape, floats(1, shape.queryWidth())));
    }

    @Test
    void itSaysWhatComputes() {
        try (Ops one = new CpuOps(1, new Kernel4x2())) {
            String vectors = Lanes.COUNT + " x 32-bit vectors";
            assertEquals(
                    "cpu: float32, Vector API, " + vectors + ", 1 thread, tile 4 x " + 2 * Lanes.COUNT, one.description());
        }
        assertTrue(ops.description().contains(", 2 threads, "));
        assertEquals("cpu", ops.name());
    }

    @Test
    void closingGivesEverythingBack() {
        Ops closed = new CpuOps(2);
        Tensor x = closed.allocate("test", List.of(new TensorSpec("x", DType.F32, 3, 3))).get("x");
        closed.reserve(SMALL);
        closed.close();
        assertEquals(0, closed.allocatedBytes());
        assertThrows(IllegalStateException.class, () -> closed.fill(x, 0));
    }
}
