/**
 * Preference losses as pure functions of log-probs: no tensors, no state, JDK only. Each is one record with its value and gradient.
 * Start at {@link io.github.jalign.loss.PreferenceLoss}.
 */
package io.github.jalign.loss;
