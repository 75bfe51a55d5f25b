package io.github.jalign.ops.cpu;

import io.github.jalign.ops.Shapes;
import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.Tensor;

/** A dense float32 matrix, read where it lies. */
record CpuWeight(CpuOps ops, Tensor w) implements Weight {

    @Override
    public void linear(Tensor x, Tensor y, boolean accumulate) {
        Shapes.linear(w, x, y);
        int t = x.rows();
        if (!accumulate && Gemv.fits(t, w.rows(), w.cols())) {
            ops.gemv().forward(t, w.rows(), w.cols(), Matrix.of(x), Matrix.of(w), Matrix.of(y));
        } else {
            ops.gemm().forward(t, w.rows(), w.cols(), Matrix.of(x), Matrix.of(w), Matrix.of(y), accumulate);
        }
    }

    @Override
    public void linearDx(Tensor dy, Tensor dx, boolean accumulate) {
        Shapes.linear(w, dx, dy);
        ops.gemm().dx(dy.rows(), w.rows(), w.cols(), Matrix.of(dy), Matrix.of(w), Matrix.of(dx), accumulate);
    }

    @Override
    public void linearDw(Tensor dy, Tensor x, Tensor dw) {
        Shapes.linear(w, x, dy);
        Shapes.same(w, dw);
        ops.gemm().dw(dy.rows(), w.rows(), w.cols(), Matrix.of(dy), Matrix.of(x), Matrix.of(dw), true);
    }

    @Override
    public void refresh() {}
}
