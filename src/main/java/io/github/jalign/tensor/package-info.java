/**
 * Typed, shaped views of memory and the flat arenas that hold them. Nothing here computes; a backend from {@code ops}
 * owns the memory. Start at {@link io.github.jalign.tensor.Tensor}.
 */
package io.github.jalign.tensor;
