package io.github.jalign.ops;

import io.github.jalign.tensor.Tensor;

/**
 * The matrix of a linear layer in the form its backend likes best: dense, prepacked or quantised. Activations are rows:
 * x is [T, in], y is [T, out]; the matrix is [out, in] as checkpoints store it.
 */
public interface Weight {
    /** y = x · Wᵀ, or y += x · Wᵀ. Products of a row are summed along {@code in} in a fixed order. */
    void linear(Tensor x, Tensor y, boolean accumulate);

    /** dx = dy · W, or dx += dy · W. */
    void linearDx(Tensor dy, Tensor dx, boolean accumulate);

    /** dw += dyᵀ · x, dw [out, in]. Summed along T in a fixed order. */
    void linearDw(Tensor dy, Tensor x, Tensor dw);

    /** To be called after the values of the tensor that it was made from have changed. */
    void refresh();
}
