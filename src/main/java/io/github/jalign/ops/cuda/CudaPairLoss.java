package io.github.jalign.ops.cuda;

import io.github.jalign.ops.Ops;
import io.github.jalign.ops.PairTerms;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/**
 * The fused DPO kernel: losses, rewards and metrics of a pack's pairs, and dLoss/dlogp of its rows, between forward and
 * backward. Results come down while the device works on, and are read when the step is done.
 */
final class CudaPairLoss implements Ops.PairLoss {
    private static final int THREADS = 128;
    private static final long ALIGNMENT = 64;

    private final Modules modules;
    private final Launch launch;
    private final Staging staging;
    private final Tensor memory;

    /** @param memory of {@link #bytes} */
    CudaPairLoss(Modules modules, Launch launch, Staging staging, Tensor memory) {
        this.modules = modules;
        this.launch = launch;
        this.staging = staging;
        this.memory = memory;
    }

    /** A pack has fewer pairs than tokens, and fewer rows. */
    static long bytes(Workload load) {
        long pair = 4L * Integer.BYTES + (2L + PairTerms.COLUMNS) * Double.BYTES;
        return load.tokens() * (pair + Float.BYTES) + 5 * ALIGNMENT;
    }

    @Override
    public Supplier<double[]> run(Tensor statistics, PairTerms pairs, Tensor g) {
        int count = pairs.pairs();
        long sequences = DeviceMemory.addressOf(memory);
        long reference = after(sequences, 4L * count * Integer.BYTES);
        long scale = after(reference, (long) pairs.reference().length * Float.BYTES);
        long weight = after(scale, (long) count * Double.BYTES);
        long results = after(weight, (long) count * Double.BYTES);
        long resultBytes = (long) count * PairTerms.COLUMNS * Double.BYTES;
        if (after(results, resultBytes) > sequences + memory.elements()) {
            throw new IllegalArgumentException(count + " pairs need more than the " + memory.elements() + " bytes planned");
        }
        int[] numbers = pairs.sequences();
        staging.upload(sequences, 4L * numbers.length, to ->
                MemorySegment.copy(numbers, 0, to, ValueLayout.JAVA_INT, 0, numbers.length));
        double[] logps = pairs.reference();
        staging.upload(reference, 4L * logps.length, to -> {
            for (int i = 0; i < logps.length; i++) {
                to.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) logps[i]);
            }
        });
        upload(scale, pairs.scale());
        boolean more = false;
        for (PairTerms.Term term : pairs.terms()) {
            upload(weight, term.weight());
            launch.with()
                    .tensor(statistics)
                    .address(reference)
                    .address(sequences)
                    .address(scale)
                    .address(weight)
                    .size(count)
                    .size(code(term.loss()))
                    .size(more ? 1 : 0)
                    .precise(pairs.beta())
                    .tensor(g)
                    .address(results)
                    .run(modules.kernel("head", "pair_loss"), count, THREADS);
            more = true;
        }
        Supplier<MemorySegment> bytes = staging.later(results, resultBytes);
        return () -> bytes.get().toArray(ValueLayout.JAVA_DOUBLE);
    }

    private static long after(long address, long bytes) {
        return (address + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private void upload(long to, double[] values) {
        staging.upload(to, (long) values.length * Double.BYTES, segment ->
                MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_DOUBLE, 0, values.length));
    }

    /** As kernels/head/losses.cuh numbers them. */
    private static int code(PairTerms.Loss loss) {
        return switch (loss) {
            case SIGMOID -> 0;
            case SFT -> 1;
        };
    }
}
