package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A launch leaves nothing to the garbage collector: steps of thousands of launches are not held up by it. */
@Tag("emulator")
@Tag("gpu")
final class LaunchAllocationTest {
    private static final int ROUNDS = 50;

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "BF16"})
    void nothingIsAllocatedForALaunch(DType dtype) {
        int t = 20;
        int vocabulary = 50;
        AttentionShape shape = new AttentionShape(2, 1, 16, 0);
        Segments segments = new Segments(new int[] {0, 9, 15}, new int[] {-1, 0, 0}, t);
        try (CudaOps ops = new CudaOps(dtype)) {
            ops.reserve(CudaAttentionTest.load(shape, t, t));
            TensorArena narrow = ops.allocate(
                    "narrow",
                    List.of(
                            new TensorSpec("qkv", dtype, t, shape.packedWidth()),
                            new TensorSpec("out", dtype, t, shape.queryWidth()),
                            new TensorSpec("dqkv", dtype, t, shape.packedWidth()),
                            new TensorSpec("gateUp", dtype, t, 2 * shape.queryWidth())));
            TensorArena wide = ops.allocate(
                    "wide",
                    List.of(
                            new TensorSpec("lse", DType.F32, t, shape.heads()),
                            new TensorSpec("weight", DType.F32, 1, shape.queryWidth()),
                            new TensorSpec("rstd", DType.F32, 1, t),
                            new TensorSpec("angles", DType.F32, t, shape.headDim() / 2),
                            new TensorSpec("logits", DType.F32, t, vocabulary),
                            new TensorSpec("statistics", DType.F32, t, HeadStatistics.COLUMNS),
                            new TensorSpec("square", DType.F32, shape.queryWidth(), shape.queryWidth())));
            Tensor ids = ops.allocate("ids", List.of(new TensorSpec("ids", DType.I32, 1, t))).get("ids");
            Tensor qkv = narrow.get("qkv");
            Tensor out = narrow.get("out");
            Tensor dqkv = narrow.get("dqkv");
            Tensor lse = wide.get("lse");
            Tensor weight = wide.get("weight");
            Tensor rstd = wide.get("rstd");
            Tensor queries = qkv.columns(0, shape.queryWidth());
            Tensor gateUp = narrow.get("gateUp");
            Tensor angles = wide.get("angles");
            Tensor logits = wide.get("logits");
            Tensor statistics = wide.get("statistics");
            Weight square = ops.weight(wide.get("square"));
            Runnable launches = () -> {
                ops.fill(qkv, 1);
                ops.attention(qkv, segments, shape, out, lse);
                ops.rmsNorm(out, weight, 1e-5, out, rstd);
                ops.attentionBackward(out, qkv, out, lse, segments, shape, dqkv);
                ops.copy(dqkv, qkv);
                ops.rope(qkv, ids, angles, angles, shape.heads() + shape.keyValueHeads(), shape.headDim());
                ops.swiglu(gateUp, out);
                ops.logSoftmax(logits, ids, statistics);
            };
            // Kernels are loaded, tables of segments sent, classes initialised.
            for (int i = 0; i < ROUNDS; i++) {
                launches.run();
            }
            ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long nothing = -thread.getCurrentThreadAllocatedBytes() + thread.getCurrentThreadAllocatedBytes();
            long before = thread.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < ROUNDS; i++) {
                launches.run();
            }
            assertEquals(nothing, thread.getCurrentThreadAllocatedBytes() - before, "bytes of the heap");
        }
        Emulator.assertNothingLeft();
    }
}
