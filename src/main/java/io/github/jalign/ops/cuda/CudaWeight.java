package io.github.jalign.ops.cuda;

import io.github.jalign.ops.Shapes;
import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.Tensor;

/** A dense matrix: the master itself in float32, its rounded copy in bfloat16. */
final class CudaWeight implements Weight {
    private final CudaOps ops;
    private final Tensor master;
    private final Tensor rounded;

    /** @param rounded what products read: the master, or its copy */
    CudaWeight(CudaOps ops, Tensor master, Tensor rounded) {
        this.ops = ops;
        this.master = master;
        this.rounded = rounded;
    }

    // cuBLAS is column-major: a row-major matrix is its transpose there, with the stride as leading dimension.

    @Override
    public void linear(Tensor x, Tensor y, boolean accumulate) {
        Shapes.linear(master, x, y);
        ops.product(
                Blas.TRANSPOSE, Blas.NONE, master.rows(), x.rows(), master.cols(), rounded, x, accumulate, y);
    }

    @Override
    public void linearDx(Tensor dy, Tensor dx, boolean accumulate) {
        Shapes.linear(master, dx, dy);
        ops.product(
                Blas.NONE, Blas.NONE, master.cols(), dy.rows(), master.rows(), rounded, dy, accumulate, dx);
    }

    @Override
    public void linearDw(Tensor dy, Tensor x, Tensor dw) {
        Shapes.linear(master, x, dy);
        Shapes.same(master, dw);
        ops.product(Blas.NONE, Blas.TRANSPOSE, master.cols(), master.rows(), dy.rows(), x, dy, true, dw);
    }

    @Override
    public void refresh() {
        ops.refresh(master);
    }
}
