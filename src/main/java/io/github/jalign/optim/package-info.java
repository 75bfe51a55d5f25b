/**
 * AdamW, learning-rate schedules and clipping over flat parameter ranges. It computes through {@code ops}. Start at
 * {@link io.github.jalign.optim.AdamW}.
 */
package io.github.jalign.optim;
