/**
 * Sampling and streaming generation over a KV cache. It shares model and ops with training and never meets
 * {@code train}. Start at {@link io.github.jalign.generate.Generator}.
 */
package io.github.jalign.generate;
