package io.github.jalign.cli;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code jalign inspect}, its output whole. */
final class InspectTest {
    /** Below the build's folder, so that outputs are the same everywhere. */
    private static final Path FOLDER = Path.of("target", "inspect");

    private static final Path QUICKSTART = Path.of("models", "quickstart");

    @BeforeAll
    static void writeInputs() throws IOException {
        Files.createDirectories(FOLDER);
        Files.writeString(
                FOLDER.resolve("long.jsonl"),
                """
                {"prompt": "List the numbers from one to twenty, one a line, and say nothing else about any of them.", \
                "chosen": "%s", "rejected": "No."}
                7
                {"prompt": "p", "chosen": "same", "rejected": "same"}
                {"prompt": "p", "chosen": "", "rejected": "r"}
                """
                        .formatted(IntStream.rangeClosed(1, 20).mapToObj(String::valueOf).collect(joining("\\n"))));
        Files.writeString(
                FOLDER.resolve("masked.jsonl"),
                """
                {"input_ids": [1, 85, 76, 2, 300, 301, 2], "completion_mask": [0, 0, 1, 1, 0, 0, 1]}
                """);
        Files.writeString(
                FOLDER.resolve("recipe.yaml"),
                """
                model_name_or_path: models/quickstart
                dataset_name: src/test/resources/data/schemas/orca_dpo_pairs.jsonl
                output_dir: target/inspect/out
                device: reference
                date: 2026-01-31
                max_memory: 1GiB
                per_device_train_batch_size: 1
                num_train_epochs: 5
                warmup_steps: 2
                run_name: mine
                """);
        Files.writeString(
                FOLDER.resolve("chat.json"),
                """
                {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
                 "name": "Ada", "date": "2026-01-31", "add_generation_prompt": true}
                """);
        Files.writeString(FOLDER.resolve("no-chat.json"), "{\"messages\": [\"Hi\"]}");
        Files.writeString(
                FOLDER.resolve("no-day.json"),
                "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"date\": \"31 January\"}");
        Files.writeString(
                FOLDER.resolve("trained.jinja"),
                """
                {{ strftime_now('%d %B %Y') }}, {{ name }}
                {% for m in messages %}
                {% if m.role == 'assistant' %}
                {% generation %}{{ m.content }}<end>
                {% endgeneration %}
                {% else %}
                [{{ m.role }}] {{ m.content }}
                {% endif %}
                {% endfor %}
                """);
        model("base", config -> config.remove("chat_template"));
        model("other-stop", config -> config.put(
                "chat_template", String.valueOf(config.get("chat_template")).replace("<|im_end|>", "</turn>")));
    }

    /** The model that ships, with another tokenizer_config.json. */
    private static void model(String name, Consumer<Map<String, @Nullable Object>> change)
            throws IOException {
        Path folder = Files.createDirectories(FOLDER.resolve(name));
        for (String file : List.of("config.json", "generation_config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(QUICKSTART.resolve(file), folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        Path config = QUICKSTART.resolve("tokenizer_config.json");
        Map<String, @Nullable Object> json = Json.parseObject(config.toString(), Files.readString(config));
        change.accept(json);
        Files.writeString(folder.resolve("tokenizer_config.json"), Json.write(json));
    }

    /** A file each: the command line behind a dollar sign, then everything that it prints. */
    private static Stream<String> transcripts() throws IOException {
        try (Stream<Path> files = Files.list(transcript(""))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void theOutputIsThatOfTheTranscript(String name) throws IOException {
        String transcript = Files.readString(transcript(name));
        String command = transcript.lines().findFirst().orElseThrow();
        assertTrue(command.startsWith("$ jalign "), command);

        Run run = Run.of((Object[]) command.substring("$ jalign ".length()).split(" "));

        assertEquals(transcript, command + "\n" + withoutPlannedBytes(run.out()) + run.err());
        assertEquals(name.startsWith("error-") ? run.err().isEmpty() ? "an error" : run.err() : "", run.err());
    }

    /** What each part of the memory plan takes is the engine's affair, and proved there. */
    private static String withoutPlannedBytes(String out) {
        return Pattern.compile("^memory(?:.|\\R)*?activations (?:kept|recomputed)", Pattern.MULTILINE)
                .matcher(out)
                .replaceAll(plan -> plan.group().replaceAll("[0-9.]+ MiB", "N MiB"));
    }

    private static Path transcript(String name) {
        try {
            return Path.of(Objects.requireNonNull(InspectTest.class.getResource("/cli/inspect/" + name), name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void rawIsTheRenderedTextAndNothingElse() {
        Run run = Run.of("inspect", "models/quickstart", "--render=" + FOLDER.resolve("chat.json"), "--raw");

        assertEquals(0, run.exitCode(), run.err());
        assertEquals(
                "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>assistant\n",
                run.out());
    }

    @Test
    void splitIsShortForItsKey(@TempDir Path folder) throws IOException {
        String row = "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}\n";
        String rows = Files.writeString(folder.resolve("rows.jsonl"), row.repeat(3)).toString();

        Run split = Run.of("inspect", rows, "--split", "train[:2]");
        Run key = Run.of("inspect", rows, "--dataset_train_split=train[:2]");

        assertEquals(0, split.exitCode(), split.err());
        assertEquals(key.out(), split.out());
        assertTrue(split.out().contains("rows         2 read, 2 kept\n"), split.out());
        assertEquals(2, Run.of("inspect", "models/quickstart", "--split=train").exitCode());
    }

    /** The date of the command line goes before that of the file. */
    @Test
    void theDayMayBeGiven() {
        Run run = Run.of(
                "inspect",
                "--render=" + FOLDER.resolve("chat.json"),
                "--chat_template={{ strftime_now('%Y-%m-%d') }}",
                "--date=2024-02-29",
                "--raw");

        assertEquals("2024-02-29", run.out(), run.err());
    }

    /** Real models' templates, with what Jinja2 writes. */
    @Tag("shared")
    @Test
    void realTemplatesRenderAsJinja2Does(@TempDir Path folder) throws IOException {
        Path goldens = Shared.data("golden/jinja.json.gz");
        Map<String, @Nullable Object> all = Json.parseObject(goldens.toString(), Shared.text(goldens));
        List<String> names = new ArrayList<>();
        for (Object each : (List<?>) Objects.requireNonNull(all.get("e2e"))) {
            Map<String, @Nullable Object> golden = Json.asObject((Map<?, ?>) each);
            Path template = folder.resolve("template.jinja");
            Files.writeString(template, (String) Objects.requireNonNull(golden.get("template")));
            Map<String, @Nullable Object> context =
                    Json.asObject((Map<?, ?>) Objects.requireNonNull(golden.get("context")));
            context.put("date", "2025-07-10");
            Path file = Files.writeString(folder.resolve("chat.json"), Json.write(context));

            Run run = Run.of("inspect", "--render=" + file, "--chat_template=" + template, "--raw");

            assertEquals(golden.get("output"), run.out(), golden.get("name") + run.err());
            names.add(String.valueOf(golden.get("name")));
        }
        assertEquals(29, names.size());
    }
}
