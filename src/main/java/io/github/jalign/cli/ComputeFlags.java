package io.github.jalign.cli;

import io.github.jalign.generate.Generator;
import io.github.jalign.ops.Backend;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where a model runs. */
final class ComputeFlags {
    @Option(names = "--device", paramLabel = "DEVICE", description = "cpu or reference (default: cpu).")
    private Backend device = Backend.CPU;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the cpu; 0 for all (default).")
    private int threads;

    /** @param longest tokens of prompt and answer together that will come */
    Generator load(Path model, int longest) {
        return new Generator(model, device, threads, longest);
    }
}
