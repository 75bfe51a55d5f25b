package io.github.jalign.cli;

import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.data.Prompt;
import io.github.jalign.data.Prompts;
import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.Finish;
import io.github.jalign.generate.GenerationDefaults;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.Reply;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.generate.Session;
import io.github.jalign.generate.TextGeneration;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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

/** {@code jalign generate}: one answer from a model folder, streamed, or an answer to each prompt of a file. */
@Command(
        name = "generate",
        description = "Answers a prompt with a model. The answer goes to standard output as it is made. With --prompts, answers"
                + " each prompt of a file with a line of JSON: the row and its completion, which jalign sft can read.",
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

    @Option(names = "--prompts", paramLabel = "FILE", description = "A prompt a line; or JSON rows with prompt or messages, or preference rows (.json, .jsonl, .gz, a folder).")
    private @Nullable String prompts;

    @Option(names = "--split", paramLabel = "SPLIT", description = "Which rows of it: train, 'train[:20]', test (default: ${DEFAULT-VALUE}).")
    private String split = "train";

    @Option(names = "--output", paramLabel = "FILE", description = "Where the lines of JSON go (default: standard output, as they are made).")
    private @Nullable Path output;

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
        requireOneSource();
        Path model = HubCache.ofUser().model(nameOrPath);
        try (Prompting prompting = new Prompting(model, promptFlags)) {
            if (prompts != null) {
                batch(model, prompting, Prompts.read(prompts, split, raw), out, err);
                return 0;
            }
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

    private void requireOneSource() {
        if (prompts == null ? output != null : prompt != null) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "jalign generate",
                    "one prompt is answered as text, a file of prompts as lines of JSON",
                    prompts == null ? "--output without --prompts" : "--prompt and --prompts",
                    "--prompt TEXT, or --prompts FILE and perhaps --output FILE",
                    "leave one of them out");
        }
    }

    /** Row i has the answer of {@code --seed} + i to its prompt alone, whatever other rows there are. */
    private void batch(Path model, Prompting prompting, List<Prompt> rows, PrintWriter out, PrintWriter err) {
        List<int[]> ids = rows.stream().map(row -> prompting.of(row, raw)).toList();
        int longest = ids.stream().mapToInt(i -> i.length).max().orElseThrow();
        ProgressLine progress = new ProgressLine(err, Machine.hasTerminal());
        StringBuilder lines = new StringBuilder();
        try (Generator generator =
                computeFlags.load(model, longest + samplingFlags.maxNewTokens(NEW_TOKENS), err)) {
            GenerationDefaults defaults = generator.defaults();
            SamplingFlags.note(defaults, err);
            SamplingOptions options = samplingFlags.options(defaults, NEW_TOKENS);
            TextGeneration generation = samplingFlags.generation(defaults, options);
            for (int i = 0; i < rows.size(); i++) {
                Reply reply = generation
                        .with(options.withSeed(options.seed() + i))
                        .alone(generator, prompting.tokenizer(), ids.get(i));
                String line = Json.write(row(rows.get(i), reply, ids.get(i).length));
                if (output == null) {
                    out.println(line);
                    out.flush();
                } else {
                    lines.append(line).append('\n');
                    progress.show("answered %,d of %,d prompts".formatted(i + 1, rows.size()));
                }
            }
        } finally {
            progress.clear();
        }
        if (output != null) {
            AtomicFiles.writeString(output, lines.toString());
        }
    }

    private static Map<String, @Nullable Object> row(Prompt prompt, Reply reply, int promptTokens) {
        Map<String, @Nullable Object> row = new LinkedHashMap<>(prompt.columns());
        Object completion =
                switch (prompt) {
                    case Prompt.Text text -> {
                        row.putIfAbsent("prompt", text.text());
                        yield reply.text();
                    }
                    case Prompt.Chat chat -> {
                        row.putIfAbsent("prompt", chat.messages());
                        yield List.of(Prompting.message("assistant", reply.text()));
                    }
                };
        row.put("completion", completion);
        row.put("finish_reason", reply.finish().spelling());
        row.put("prompt_tokens", promptTokens);
        row.put("completion_tokens", reply.tokens());
        return row;
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
