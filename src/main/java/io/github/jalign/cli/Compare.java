package io.github.jalign.cli;

import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.data.Prompt;
import io.github.jalign.data.Prompts;
import io.github.jalign.data.RowId;
import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.GenerationDefaults;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.Reply;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.generate.TextGeneration;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jalign compare}: what two models answer to the same prompts. */
@Command(
        name = "compare",
        description = "Asks two models the same, with the same random numbers, and shows their answers side by side. How tokens"
                + " are chosen is what the flags say and else what the first model's generation_config.json says, for both.",
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Compare implements Callable<Integer> {
    private static final int NEW_TOKENS = 256;
    private static final int NARROWEST = 40;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL_A", description = "A Hugging Face model folder, or ORG/NAME of the local Hugging Face cache.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String a;

    @Parameters(index = "1", paramLabel = "MODEL_B", description = "The other.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String b;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "What the user says; may be given several times.")
    private final List<String> texts = new ArrayList<>();

    @Option(names = "--prompts", paramLabel = "FILE", description = "A prompt a line; or JSON rows with prompt or messages, or preference rows (.json, .jsonl, .gz, a folder).")
    private @Nullable String file;

    @Option(names = "--split", paramLabel = "SPLIT", description = "Which rows of it: train, 'train[:20]', test (default: ${DEFAULT-VALUE}).")
    private String split = "train";

    @Option(names = "--raw", description = "Continue the texts themselves: no chat template.")
    private boolean raw;

    @Option(names = "--output", paramLabel = "FILE", description = "Also writes the comparison: .md as Markdown, .json as JSON.")
    private @Nullable Path output;

    @Option(names = "--width", paramLabel = "N", description = "Cells of a line (default: ${DEFAULT-VALUE}).")
    private int width = 100;

    @Mixin
    private final PromptFlags promptFlags = new PromptFlags();

    @Mixin
    private final SamplingFlags samplingFlags = new SamplingFlags();

    @Mixin
    private final ComputeFlags computeFlags = new ComputeFlags();

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        Comparison.@Nullable Form form = output == null ? null : Comparison.Form.of(output);
        if (width < NARROWEST) {
            throw usage("--width", "two columns need room", String.valueOf(width), "at least " + NARROWEST, "widen it");
        }
        List<Prompt> prompts = prompts();
        Path folderA = HubCache.ofUser().model(a);
        Path folderB = HubCache.ofUser().model(b);
        try (Prompting ofA = new Prompting(folderA, promptFlags);
                Prompting ofB = new Prompting(folderB, promptFlags)) {
            List<int[]> idsA = prompts.stream().map(p -> ofA.of(p, raw)).toList();
            List<int[]> idsB = prompts.stream().map(p -> ofB.of(p, raw)).toList();
            Answers answersA = answers(folderA, ofA, idsA, null, err);
            Answers answersB = answers(folderB, ofB, idsB, answersA.options(), err);
            Comparison comparison =
                    new Comparison(a, b, answersA.options(), prompts, answersA.replies(), answersB.replies());
            comparison.print(spec.commandLine().getOut(), width);
            if (output != null && form != null) {
                AtomicFiles.writeString(output, comparison.text(form));
            }
        }
        return 0;
    }

    private List<Prompt> prompts() {
        if (texts.isEmpty() == (file == null)) {
            throw usage(
                    "jalign compare",
                    "there must be prompts, from one place",
                    file == null ? "neither --prompt nor --prompts" : "--prompt and --prompts",
                    "--prompt TEXT, as often as wanted, or --prompts FILE",
                    "add one of them, or leave one out");
        }
        if (file != null) {
            return Prompts.read(file, split, raw);
        }
        List<Prompt> prompts = new ArrayList<>();
        for (String text : texts) {
            prompts.add(new Prompt.Text(new RowId("--prompt", prompts.size() + 1), Map.of("prompt", text), text));
        }
        return prompts;
    }

    private static JalignException usage(String where, String rule, String found, String expected, String action) {
        return new JalignException(JalignException.Kind.USAGE, where, rule, found, expected, action);
    }

    private record Answers(SamplingOptions options, List<Reply> replies) {}

    /** @param given how tokens are chosen; null asks the flags and the model */
    private Answers answers(
            Path folder, Prompting prompting, List<int[]> prompts, @Nullable SamplingOptions given, PrintWriter err) {
        int longest = prompts.stream().mapToInt(ids -> ids.length).max().orElseThrow();
        ProgressLine progress = new ProgressLine(err, Machine.hasTerminal());
        progress.show("loading " + folder);
        try (Generator generator =
                computeFlags.load(folder, longest + samplingFlags.maxNewTokens(NEW_TOKENS), err)) {
            GenerationDefaults defaults = generator.defaults();
            SamplingFlags.note(defaults, err);
            SamplingOptions options = given != null ? given : samplingFlags.options(defaults, NEW_TOKENS);
            TextGeneration generation = samplingFlags.generation(defaults, options);
            List<Reply> replies = new ArrayList<>();
            for (int i = 0; i < prompts.size(); i++) {
                progress.show("%s: answer %,d of %,d".formatted(folder, i + 1, prompts.size()));
                replies.add(generation
                        .with(options.withSeed(options.seed() + i))
                        .alone(generator, prompting.tokenizer(), prompts.get(i)));
            }
            return new Answers(options, replies);
        } finally {
            progress.clear();
        }
    }
}
