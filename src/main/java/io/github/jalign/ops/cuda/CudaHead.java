package io.github.jalign.ops.cuda;

import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Launches what reads whole rows of logits: log-softmax and its gradient, and the choice of a token. Shapes have been
 * checked.
 */
final class CudaHead {
    private static final int HEAD_THREADS = 512;

    private final Modules modules;
    private final Launch launch;
    private final Staging staging;
    private final long ids;
    private final long chosen;

    /**
     * @param ids room for V token ids
     * @param chosen room for one
     */
    CudaHead(Modules modules, Launch launch, Staging staging, Tensor ids, Tensor chosen) {
        this.modules = modules;
        this.launch = launch;
        this.staging = staging;
        this.ids = DeviceMemory.addressOf(ids);
        this.chosen = DeviceMemory.addressOf(chosen);
    }

    void logSoftmax(Tensor logits, Tensor targets, Tensor statistics) {
        launch.with()
                .matrix(logits)
                .tensor(targets)
                .tensor(statistics)
                .size(logits.rows())
                .size(logits.cols())
                .run(modules.kernel("head", "log_softmax"), logits.rows(), HEAD_THREADS);
    }

    Tensor logSoftmaxBackward(Tensor logits, Tensor targets, Tensor statistics, Tensor g, DType dtype) {
        int narrower = logits.dtype().bytes() / dtype.bytes();
        Tensor dlogits = new Tensor(
                "dlogits", logits.memory(), dtype, logits.offset() * narrower, logits.rows(), logits.cols(),
                logits.stride() * narrower);
        launch.with()
                .matrix(logits)
                .tensor(targets)
                .tensor(statistics)
                .tensor(g)
                .size(logits.rows())
                .size(logits.cols())
                .run(modules.kernel("head", "log_softmax_backward", dtype), logits.rows(), HEAD_THREADS);
        return dlogits;
    }

    int sample(
            Tensor logits, int[] seen, double repetitionPenalty, double temperature, int topK, double topP,
            double minP, double u) {
        if (seen.length > 0) {
            staging.upload(ids, 4L * seen.length, to ->
                    MemorySegment.copy(seen, 0, to, ValueLayout.JAVA_INT, 0, seen.length));
            launch.with()
                    .tensor(logits)
                    .address(ids)
                    .size(seen.length)
                    .number(repetitionPenalty)
                    .run(modules.kernel("head", "repetition_penalty"), Grid.blocks(seen.length), Grid.THREADS);
        }
        launch.with()
                .tensor(logits)
                .size(logits.cols())
                .precise(temperature)
                .size(topK)
                .precise(topP)
                .precise(minP)
                .precise(u)
                .address(chosen)
                .run(modules.kernel("head", "sample"), 1, Grid.THREADS);
        return staging.download(chosen, Integer.BYTES).get(ValueLayout.JAVA_INT, 0);
    }
}
