/**
 * Preference losses as pure functions of log-probs, and the metrics that TRL names. No tensors, no state, JDK only.
 * Start at {@link io.github.jalign.loss.PreferenceLoss}.
 */
package io.github.jalign.loss;
