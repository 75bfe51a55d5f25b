package io.github.jalign.cli;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.GenerationDefaults;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.ops.Backend;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.StreamingDecoder;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jalign generate}: one answer from a model folder, streamed. */
@Command(
        name = "generate",
        description = "Answers a prompt with a model. The answer goes to standard output as it is made.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Generate implements Callable<Integer> {
    private static final int DEFAULT_NEW_TOKENS = 256;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "A Hugging Face model folder, or ORG/NAME of the local Hugging Face cache.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String nameOrPath;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "What the user says; without it, standard input.")
    private @Nullable String prompt;

    @Option(names = "--system", paramLabel = "TEXT", description = "A system message before it.")
    private @Nullable String system;

    @Option(names = "--raw", description = "Continue the text itself: no chat template.")
    private boolean raw;

    @Option(names = "--max_new_tokens", paramLabel = "N", description = "Most tokens of the answer (default: ${DEFAULT-VALUE}).")
    private int maxNewTokens = DEFAULT_NEW_TOKENS;

    @Option(names = "--temperature", paramLabel = "T", description = "0 takes the best token always (default: the model's generation_config.json).")
    private @Nullable Double temperature;

    @Option(names = "--top_k", paramLabel = "K", description = "Choose among the K best tokens; 0 for all.")
    private @Nullable Integer topK;

    @Option(names = "--top_p", paramLabel = "P", description = "Choose among the best tokens whose probabilities sum to P.")
    private @Nullable Double topP;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the sampling (default: ${DEFAULT-VALUE}).")
    private long seed = 42;

    @Option(names = "--ignore_eos", description = "Go on after a stop token.")
    private boolean ignoreEos;

    @Option(names = "--device", paramLabel = "DEVICE", description = "cpu or reference (default: cpu).")
    private Backend device = Backend.CPU;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the cpu; 0 for all (default).")
    private int threads;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Path model = HubCache.ofUser().model(nameOrPath);
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            int[] ids = encode(tokenizer, prompt == null ? standardInput() : prompt);
            try (Generator generator = new Generator(model, device, threads, ids.length + maxNewTokens)) {
                GenerationDefaults defaults = generator.defaults();
                SamplingOptions options = new SamplingOptions(
                        maxNewTokens,
                        temperature != null ? temperature : defaults.temperature(),
                        topK != null ? topK : defaults.topK(),
                        topP != null ? topP : defaults.topP(),
                        seed);
                StreamingDecoder decoder = new StreamingDecoder(tokenizer, true);
                generator.generate(ids, options, ignoreEos ? Set.of() : defaults.stopIds(), id -> {
                    out.print(decoder.next(id));
                    out.flush();
                    return true;
                });
                out.println(decoder.finish());
                out.flush();
            }
        }
        return 0;
    }

    private int[] encode(Tokenizer tokenizer, String text) {
        if (raw) {
            return tokenizer.encode(text, true);
        }
        @Nullable ChatTemplate template = tokenizer.chatTemplate();
        if (template == null) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "generate " + nameOrPath,
                    "a conversation needs the model's chat template",
                    "a model without one",
                    "chat_template.jinja, or chat_template in tokenizer_config.json",
                    "add --raw to continue the text itself");
        }
        List<Map<String, @Nullable Object>> messages = new ArrayList<>();
        if (system != null) {
            messages.add(message("system", system));
        }
        messages.add(message("user", text));
        ChatFormat format = new ChatFormat(template, tokenizer.templateVariables(), LocalDate.now(ZoneId.systemDefault()));
        return tokenizer.encode(format.render(messages, true, Map.of()));
    }

    private static Map<String, @Nullable Object> message(String role, String content) {
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
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
