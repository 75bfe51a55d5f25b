package io.github.jalign.cli;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.Finish;
import io.github.jalign.generate.GenerationDefaults;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.Reply;
import io.github.jalign.generate.Session;
import io.github.jalign.generate.TextGeneration;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jalign generate}: one answer from a model folder, streamed. */
@Command(
        name = "generate",
        description = "Answers a prompt with a model. The answer goes to standard output as it is made.",
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Generate implements Callable<Integer> {
    private static final int NEW_TOKENS = 256;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "A Hugging Face model folder, or ORG/NAME of the local Hugging Face cache.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String nameOrPath;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "What the user says; without it, standard input.")
    private @Nullable String prompt;

    @Option(names = "--raw", description = "Continue the text itself: no chat template.")
    private boolean raw;

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
        Path model = HubCache.ofUser().model(nameOrPath);
        try (Prompting prompting = new Prompting(model, promptFlags)) {
            String text = prompt == null ? standardInput() : prompt;
            int[] ids = raw ? prompting.text(text) : prompting.question(text);
            int longest = ids.length + samplingFlags.maxNewTokens(NEW_TOKENS);
            try (Generator generator = computeFlags.load(model, longest, err);
                    Session session = generator.session(longest)) {
                GenerationDefaults defaults = generator.defaults();
                SamplingFlags.note(defaults, err);
                TextGeneration generation =
                        samplingFlags.generation(defaults, samplingFlags.options(defaults, NEW_TOKENS));
                Reply reply = generation.run(session, prompting.tokenizer(), ids, part -> {
                    out.print(part);
                    out.flush();
                    return true;
                });
                out.println();
                out.flush();
                if (reply.finish() == Finish.LENGTH) {
                    err.println("note: the answer was cut after " + reply.tokens() + " tokens; --max_new_tokens allows more");
                    err.flush();
                }
            }
        }
        return 0;
    }

    private static String standardInput() {
        try {
            return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    "standard input",
                    "the prompt must be readable",
                    String.valueOf(e.getMessage()),
                    "UTF-8 text",
                    "give the prompt as --prompt",
                    e);
        }
    }
}
