package io.github.jalign.ops.cuda;

import org.junit.jupiter.api.Tag;

@Tag("gpu")
final class ConformanceOnGpuTest extends ConformanceTest {}
