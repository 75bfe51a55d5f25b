package io.github.jalign.model;

import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer: y = x · Wᵀ + bias.
 *
 * @param bias [1, out], or null
 */
record Projection(Weight weight, @Nullable Tensor bias) {

    /** y {@code =}: x [T, in], y [T, out]. */
    void forward(Ops ops, Tensor x, Tensor y) {
        weight.linear(x, y, false);
        if (bias != null) {
            ops.addBias(y, bias);
        }
    }

    /** dx {@code =}, dw and dbias {@code +=}. */
    void backward(Ops ops, Tensor dy, Tensor x, Tensor dx, Tensor dw, @Nullable Tensor dbias) {
        weight.linearDw(dy, x, dw);
        weight.linearDx(dy, dx, false);
        if (dbias != null) {
            ops.biasBackward(dy, dbias);
        }
    }
}
