/**
 * Llama-family models as data: configuration, parameters, and the forward and backward pass over packs of segments.
 * It computes only through {@code ops}. Start at {@link io.github.jalign.model.Forward}.
 */
package io.github.jalign.model;
