package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.GenerationDefaults;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.generate.TextGeneration;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How answers are made; the names are those of transformers' generation configuration. */
final class SamplingFlags {
    @Option(names = "--max_new_tokens", paramLabel = "N", description = "Most tokens of an answer (default: 256; chat: what fits).")
    private @Nullable Integer maxNewTokens;

    @Option(names = "--temperature", paramLabel = "T", description = "0 takes the best token always (default: the model's generation_config.json).")
    private @Nullable Double temperature;

    @Option(names = "--top_k", paramLabel = "K", description = "Choose among the K best tokens; 0 for all.")
    private @Nullable Integer topK;

    @Option(names = "--top_p", paramLabel = "P", description = "Choose among the best tokens whose probabilities sum to P.")
    private @Nullable Double topP;

    @Option(names = "--min_p", paramLabel = "P", description = "Choose among tokens at least P times as probable as the best; 0 for all.")
    private @Nullable Double minP;

    @Option(names = "--repetition_penalty", paramLabel = "R", description = "Above 1, tokens that stand in the prompt or answer become less likely.")
    private @Nullable Double repetitionPenalty;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the sampling (default: ${DEFAULT-VALUE}).")
    private long seed = 42;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End the answer before this text; may be given several times.")
    private final List<String> stop = new ArrayList<>();

    @Option(names = "--ignore_eos", description = "Go on after a stop token.")
    private boolean ignoreEos;

    int maxNewTokens(int absent) {
        return maxNewTokens != null ? maxNewTokens : absent;
    }

    /** @param absent most tokens of an answer when the flags do not say */
    SamplingOptions options(GenerationDefaults defaults, int absent) {
        return new SamplingOptions(
                maxNewTokens(absent),
                temperature != null ? temperature : defaults.temperature(),
                topK != null ? topK : defaults.topK(),
                topP != null ? topP : defaults.topP(),
                minP != null ? minP : defaults.minP(),
                repetitionPenalty != null ? repetitionPenalty : defaults.repetitionPenalty(),
                seed);
    }

    /** @param defaults the model's own, whose stop tokens hold whatever else is set */
    TextGeneration generation(GenerationDefaults defaults, SamplingOptions options) {
        if (stop.contains("")) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "--stop",
                    "a stop text must have a character",
                    "an empty one",
                    "a text such as \"User:\"; in a shell $'\\n' is the end of a line",
                    "correct or leave out --stop");
        }
        return new TextGeneration(options, ignoreEos ? Set.of() : defaults.stopIds(), stop);
    }

    /** Says what the model's own configuration asks for in vain. */
    static void note(GenerationDefaults defaults, PrintWriter err) {
        for (String key : defaults.ignored()) {
            err.println("note: generation_config.json: " + key + " has no effect: jalign does not generate so");
        }
        err.flush();
    }
}
