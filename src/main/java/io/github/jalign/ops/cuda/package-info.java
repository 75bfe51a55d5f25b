/**
 * Every operator on an NVIDIA GPU: our kernels (folder {@code kernels/}) launched through JCuda's driver API, matrix
 * products by cuBLAS. Only this package holds a device pointer; nothing enters it but tensors. Start at
 * {@link io.github.jalign.ops.cuda.CudaOps}, then {@link io.github.jalign.ops.cuda.Launch}.
 */
@NullMarked
package io.github.jalign.ops.cuda;

import org.jspecify.annotations.NullMarked;
