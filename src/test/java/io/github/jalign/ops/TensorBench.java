package io.github.jalign.ops;

import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;
import java.util.SplittableRandom;

/** Makes small tensors for operator tests. */
public final class TensorBench {
    private final Ops ops;
    private final SplittableRandom random;
    private int made;

    public TensorBench(Ops ops, long seed) {
        this.ops = ops;
        this.random = new SplittableRandom(seed);
    }

    public Tensor zeros(int rows, int cols) {
        return ops.allocate("test " + made++, List.of(new TensorSpec("t", ops.dtype(), rows, cols))).get("t");
    }

    /** Normal values. */
    public Tensor normal(int rows, int cols) {
        return of(rows, cols, normals(rows * cols));
    }

    public double[] normals(int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextGaussian();
        }
        return values;
    }

    public Tensor of(int rows, int cols, double... values) {
        Tensor tensor = zeros(rows, cols);
        ops.write(tensor, values);
        return tensor;
    }

    public Tensor ids(int... values) {
        Tensor tensor = ops.allocate("test " + made++, List.of(new TensorSpec("ids", DType.I32, 1, values.length)))
                .get("ids");
        ops.write(tensor, values);
        return tensor;
    }

    public int[] randomIds(int count, int bound) {
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] = random.nextInt(bound);
        }
        return ids;
    }
}
