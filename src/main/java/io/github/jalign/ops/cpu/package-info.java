/**
 * Float32 kernels on the Vector API and the thread team that runs them. The only room that may touch
 * {@code jdk.incubator.vector}; results do not depend on the number of threads. Start at
 * {@link io.github.jalign.ops.cpu.CpuOps}.
 */
package io.github.jalign.ops.cpu;
