/**
 * Training runs: configuration records, the one step loop, the reference cache, checkpoints, resume and metrics. It uses
 * every room below and none above. Start at {@link io.github.jalign.train.StepLoop}.
 */
package io.github.jalign.train;
