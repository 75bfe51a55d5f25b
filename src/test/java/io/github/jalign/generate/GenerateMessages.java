package io.github.jalign.generate;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.Configs;
import io.github.jalign.model.SavedModel;
import io.github.jalign.ops.Backend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.function.Executable;

/** What jalign says when it cannot answer. */
public final class GenerateMessages {
    private static final Path FOLDER = Path.of("target", "generate-messages");

    private GenerateMessages() {}

    public static List<MessageCase> cases() {
        return List.of(
                usage("no token to make", () -> new SamplingOptions(0, 0, 0, 1, 0, 1, 0), """
                        max_new_tokens: a sampling setting must be in range
                          found     0
                          expected  at least 1
                          do        set max_new_tokens to such a value"""),
                usage("a cold temperature", () -> new SamplingOptions(1, -0.5, 0, 1, 0, 1, 0), """
                        temperature: a sampling setting must be in range
                          found     -0.5
                          expected  0 or above
                          do        set temperature to such a value"""),
                usage("a temperature that is no number", () -> new SamplingOptions(1, Double.NaN, 0, 1, 0, 1, 0), """
                        temperature: a sampling setting must be in range
                          found     NaN
                          expected  0 or above
                          do        set temperature to such a value"""),
                usage("fewer than no tokens", () -> new SamplingOptions(1, 1, -1, 1, 0, 1, 0), """
                        top_k: a sampling setting must be in range
                          found     -1
                          expected  0 for all, or above
                          do        set top_k to such a value"""),
                usage("no probability at all", () -> new SamplingOptions(1, 1, 0, 0, 0, 1, 0), """
                        top_p: a sampling setting must be in range
                          found     0.0
                          expected  above 0 and at most 1
                          do        set top_p to such a value"""),
                usage("a share above one", () -> new SamplingOptions(1, 1, 0, 1, 1.5, 1, 0), """
                        min_p: a sampling setting must be in range
                          found     1.5
                          expected  0 for all, at most 1
                          do        set min_p to such a value"""),
                usage("a penalty of nothing", () -> new SamplingOptions(1, 1, 0, 1, 0, 0, 0), """
                        repetition_penalty: a sampling setting must be in range
                          found     0.0
                          expected  above 0; 1 changes nothing
                          do        set repetition_penalty to such a value"""),
                usage("an empty prompt", () -> generate("{}", 0, 4), """
                        prompt: prompt and answer must fit what was planned
                          found     0 + 4 tokens
                          expected  at least one token of prompt, at most 20 tokens in all
                          do        shorten the prompt or lower max_new_tokens"""),
                usage("more than was planned", () -> generate("{}", 17, 4), """
                        prompt: prompt and answer must fit what was planned
                          found     17 + 4 tokens
                          expected  at least one token of prompt, at most 20 tokens in all
                          do        shorten the prompt or lower max_new_tokens"""),
                input("a stop token in words", "{\"eos_token_id\": \"</s>\"}", """
                        FOLDER/generation_config.json: eos_token_id: stop tokens are ids
                          found     "</s>"
                          expected  a whole number or a list of them
                          do        correct the file"""),
                input("a stop token in words among others", "{\"eos_token_id\": [2, \"</s>\"]}", """
                        FOLDER/generation_config.json: eos_token_id: stop tokens are ids
                          found     "</s>"
                          expected  a whole number or a list of them
                          do        correct the file"""),
                input("a default in words", "{\"do_sample\": true, \"temperature\": \"warm\"}", """
                        FOLDER/generation_config.json: temperature: this key holds a number
                          found     "warm"
                          expected  a number
                          do        correct the file"""));
    }

    private static MessageCase usage(String name, Executable action, String message) {
        return new MessageCase(name, action, JalignException.Kind.USAGE, message);
    }

    private static MessageCase input(String name, String generationConfig, String message) {
        return new MessageCase(
                name,
                () -> generate(generationConfig, 1, 1),
                JalignException.Kind.INPUT,
                message.replace("FOLDER", FOLDER.toString()));
    }

    private static void generate(String generationConfig, int prompt, int maxNewTokens) throws Exception {
        SavedModel.write(FOLDER, Configs.of("llama", "\"num_hidden_layers\": 1"), 0.1, 1);
        Files.writeString(FOLDER.resolve("generation_config.json"), generationConfig);
        try (Generator generator = new Generator(FOLDER, Backend.CPU, 1, 20)) {
            generator.generate(new int[prompt], SamplingOptions.greedy(maxNewTokens), Set.of(), id -> true);
        }
    }
}
