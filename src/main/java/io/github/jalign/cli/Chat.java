package io.github.jalign.cli;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.GenerationDefaults;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.Session;
import io.github.jalign.generate.TextGeneration;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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

/** {@code jalign chat}: a conversation with a model. */
@Command(
        name = "chat",
        description = "Talks with a model. Lines are messages, or commands: /help lists them. What was said before stays in"
                + " the model's cache, so that only new tokens are computed. Works with piped input as well: a message a"
                + " line, the answers on standard output.",
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Chat implements Callable<Integer> {
    private static final int MAX_LENGTH = 4096;
    /** The exit code of shells for a program that Ctrl-C ended. */
    private static final int INTERRUPTED = 130;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "A Hugging Face model folder, or ORG/NAME of the local Hugging Face cache.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String nameOrPath;

    @Option(names = "--messages", paramLabel = "FILE", description = "Go on with a conversation, as /save writes it.")
    private @Nullable Path file;

    @Option(names = "--max_length", paramLabel = "N", description = "Most tokens of the conversation (default: what the model is made for, at most 4096).")
    private @Nullable Integer maxLength;

    @Option(names = "--timings", description = "After each answer, say how much of the conversation was in the cache, and how fast it went.")
    private boolean timings;

    @Mixin
    private final PromptFlags promptFlags = new PromptFlags();

    @Mixin
    private final SamplingFlags samplingFlags = new SamplingFlags();

    @Mixin
    private final ComputeFlags computeFlags = new ComputeFlags();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        boolean terminal = Machine.hasTerminal();
        Path model = HubCache.ofUser().model(nameOrPath);
        try (Prompting prompting = new Prompting(model, promptFlags)) {
            prompting.requireFormat();
            List<Map<String, @Nullable Object>> messages =
                    file == null ? prompting.opening() : ChatFile.read(file);
            int capacity = capacity(model);
            try (Generator generator = computeFlags.load(model, capacity, err);
                    Session session = generator.session(capacity)) {
                GenerationDefaults defaults = generator.defaults();
                SamplingFlags.note(defaults, err);
                TextGeneration generation = samplingFlags.generation(defaults, samplingFlags.options(defaults, capacity));
                if (terminal) {
                    banner(generator, capacity, err);
                }
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                ChatLoop loop = new ChatLoop(
                        new ChatLoop.Streams(in, out, err, terminal),
                        prompting,
                        session,
                        generation,
                        messages,
                        timings,
                        () -> System.exit(INTERRUPTED));
                follow(loop, err);
            }
        }
        return 0;
    }

    private static void follow(ChatLoop loop, PrintWriter err) {
        CtrlC ctrlC;
        try {
            ctrlC = new CtrlC(loop::interrupted);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            err.println("warning: Ctrl-C ends the program and not the answer alone: " + e);
            err.flush();
            loop.run();
            return;
        }
        try (ctrlC) {
            loop.run();
        }
    }

    private int capacity(Path folder) {
        if (maxLength != null && maxLength < 2) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "--max_length",
                    "a conversation must have room for a question and an answer",
                    String.valueOf(maxLength),
                    "a whole number, at least 2",
                    "correct --max_length");
        }
        if (maxLength != null) {
            return maxLength;
        }
        try (ModelFolder files = ModelFolder.open(folder)) {
            ModelConfig config =
                    ModelConfigReader.read(folder.resolve("config.json").toString(), files.config());
            return Math.min(MAX_LENGTH, config.maxPositionEmbeddings());
        }
    }

    private void banner(Generator generator, int capacity, PrintWriter err) {
        ModelConfig config = generator.config();
        err.println("model        %s: %s, %,d parameters"
                .formatted(nameOrPath, config.architecture().modelType(), config.parameterCount()));
        err.println("device       " + generator.description());
        err.println("context      %,d tokens".formatted(capacity));
        err.println("/help lists the commands; Ctrl-C stops an answer, /exit ends");
        err.println();
        err.flush();
    }
}
