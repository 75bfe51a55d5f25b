package io.github.jalign.ops.reference;

import static io.github.jalign.ops.reference.At.accumulate;
import static io.github.jalign.ops.reference.At.get;
import static io.github.jalign.ops.reference.At.set;

import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.Tensor;

/** Three loops a product. */
record ReferenceWeight(Tensor w) implements Weight {
    @Override
    public void linear(Tensor x, Tensor y, boolean accumulate) {
        for (int t = 0; t < x.rows(); t++) {
            for (int n = 0; n < w.rows(); n++) {
                double sum = 0;
                for (int k = 0; k < w.cols(); k++) {
                    sum += get(x, t, k) * get(w, n, k);
                }
                set(y, t, n, accumulate ? get(y, t, n) + sum : sum);
            }
        }
    }

    @Override
    public void linearDx(Tensor dy, Tensor dx, boolean accumulate) {
        for (int t = 0; t < dy.rows(); t++) {
            for (int k = 0; k < w.cols(); k++) {
                double sum = 0;
                for (int n = 0; n < w.rows(); n++) {
                    sum += get(dy, t, n) * get(w, n, k);
                }
                set(dx, t, k, accumulate ? get(dx, t, k) + sum : sum);
            }
        }
    }

    @Override
    public void linearDw(Tensor dy, Tensor x, Tensor dw) {
        for (int n = 0; n < w.rows(); n++) {
            for (int k = 0; k < w.cols(); k++) {
                double sum = 0;
                for (int t = 0; t < dy.rows(); t++) {
                    sum += get(dy, t, n) * get(x, t, k);
                }
                accumulate(dw, n, k, sum);
            }
        }
    }

    @Override
    public void refresh() {}
}
