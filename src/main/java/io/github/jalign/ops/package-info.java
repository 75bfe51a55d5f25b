/**
 * The one interface of operators that every backend implements, forward and backward, and what they share: the attention
 * tree, weights, and the dry run that counts memory and FLOPs. Models and training call only this; no backend is named
 * outside {@code Backend}. Start at {@link io.github.jalign.ops.Ops}.
 */
package io.github.jalign.ops;
