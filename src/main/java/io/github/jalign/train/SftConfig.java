package io.github.jalign.train;

import io.github.jalign.data.DataConfig;

/** A supervised run; which tokens are trained stands in {@link DataConfig#completionOnlyLoss}. */
public record SftConfig(RunConfig run, DataConfig data) {}
