package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.Shared;
import io.github.jalign.json.Json;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rows of real TRL 1.16 runs: the same token ids, the same rows dropped and, because the running count of tokens in
 * each run's log depends on them, the same length of every row in the same order over every epoch.
 */
final class GoldenRowsTest {
    private static final Path DATA = Path.of(System.getProperty("jalign.shared", "../shared"), "data");

    @Tag("shared")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ultrafeedback-sigmoid",
                "ultrafeedback-apo-zero-precomputed",
                "ultrafeedback-mpo",
                "ultrafeedback-lora8",
                "hh-rlhf-raw-text"
            })
    void pairsAreThoseOfTheRun(String name) throws IOException {
        pairs(name, DATA.resolve("stories260K-hf"));
    }

    /**
     * transformers 5.23 takes only the vocabulary and merges for the class that this model names, GPT2Tokenizer, and so
     * ran without the step of its tokenizer.json that sets digits apart; the ids are those of a file without it.
     */
    @Tag("long")
    @Test
    void pairsAreThoseOfTheRunWithARealModelsTokenizer(@TempDir Path folder) throws IOException {
        Path model = Shared.smolLm2();
        Path file = model.resolve("tokenizer.json");
        Map<String, @Nullable Object> tokenizer = Json.parseObject(file.toString(), Files.readString(file));
        List<?> steps = (List<?>) Json.asObject((Map<?, ?>) Objects.requireNonNull(tokenizer.get("pre_tokenizer")))
                .get("pretokenizers");
        tokenizer.put("pre_tokenizer", Objects.requireNonNull(steps).getLast());
        Files.writeString(folder.resolve("tokenizer.json"), Json.write(tokenizer));
        Files.copy(model.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
        pairs("smollm2-135m-ultrafeedback", folder);
    }

    private static void pairs(String name, Path model) throws IOException {
        Run run = Run.read(name);
        Dataset dataset = run.load(model, Task.DPO);
        int maxLength = ((Long) run.setting("max_length")).intValue();
        for (int i = 0; i < run.tokenized.size(); i++) {
            Map<String, @Nullable Object> expected = run.tokenized.get(i);
            Item item = dataset.train().get(i);
            assertArrayEquals(ids(expected, "prompt_ids"), item.prompt(), name + " prompt " + i);
            // The trainer cuts at max_length when it forms a batch, which the file does not show.
            int room = maxLength - item.prompt().length;
            List<Completion> pair = item.completions();
            assertArrayEquals(first(room, ids(expected, "chosen_ids")), pair.get(0).ids(), name + " chosen " + i);
            assertArrayEquals(first(room, ids(expected, "rejected_ids")), pair.get(1).ids(), name + " rejected " + i);
        }
        run.checkLog(dataset.train());
    }

    @Tag("shared")
    @ParameterizedTest
    @ValueSource(strings = {"sft-messages", "sft-completion-only"})
    void labelsAreThoseOfTheRun(String name) throws IOException {
        Run run = Run.read(name);
        Dataset dataset = run.load(DATA.resolve("stories260K-hf"), Task.SFT);
        for (int i = 0; i < run.tokenized.size(); i++) {
            Map<String, @Nullable Object> expected = run.tokenized.get(i);
            Item item = dataset.train().get(i);
            Completion completion = item.completions().getFirst();
            int[] ids = SftFormat.joined(item.prompt(), completion.ids());
            int[] labels = ids.clone();
            Arrays.fill(labels, 0, item.prompt().length, -100);
            for (int j = 0; j < completion.ids().length; j++) {
                labels[item.prompt().length + j] = completion.trained(j) ? completion.ids()[j] : -100;
            }
            assertArrayEquals(ids(expected, "input_ids"), ids, name + " row " + i);
            assertArrayEquals(ids(expected, "labels"), labels, name + " row " + i);
        }
        run.checkLog(dataset.train());
    }

    /** One folder of golden/trl-1.16. */
    private record Run(
            String name,
            Map<String, @Nullable Object> config,
            List<Map<String, @Nullable Object>> tokenized,
            List<Map<String, @Nullable Object>> log) {

        static Run read(String name) throws IOException {
            Path folder = DATA.resolve("golden/trl-1.16").resolve(name);
            return new Run(
                    name,
                    Json.parseObject("config", Files.readString(folder.resolve("config.json"))),
                    objects(folder.resolve("tokenized.json")),
                    objects(folder.resolve("log_history.json")));
        }

        Dataset load(Path model, Task task) throws IOException {
            List<?> rows = (List<?>) Objects.requireNonNull(config.get("rows"));
            long evalRows = config.get("eval_rows") instanceof Long n ? n : 0;
            long end = (Long) rows.get(1);
            String form = (String) config.get("form");
            ConfigBuilder data = new ConfigBuilder();
            data.trainSplit = "train[%s:%s]".formatted(rows.get(0), end);
            data.testSplit = evalRows == 0 ? null : "train[%d:%d]".formatted(end, end + evalRows);
            data.format = "raw".equals(form) ? DatasetFormat.AUTO : DatasetFormat.MESSAGES;
            data.implicitPrompt = ImplicitPrompt.TRL;
            data.maxLength = ((Long) setting("max_length")).intValue();
            data.completionOnlyLoss = "prompt-completion".equals(form);
            Tokenizer tokenizer = Tokenizer.load(model);
            ChatTemplate template = config.get("chat_template") instanceof String source
                    ? ChatTemplate.parse("chat_template", source)
                    : tokenizer.chatTemplate();
            ChatFormat format = template == null
                    ? null
                    : new ChatFormat(template, tokenizer.templateVariables(), LocalDate.of(2026, 1, 31));
            Dataset dataset = Dataset.load(
                    data.at(DATA.resolve("preferences").resolve((String) Objects.requireNonNull(config.get("data")))),
                    task,
                    tokenizer,
                    format);
            Counts eval = dataset.summary().eval();
            assertEquals(evalRows, eval == null ? 0 : eval.rows());
            return dataset;
        }

        Object setting(String key) {
            return Objects.requireNonNull(((Map<?, ?>) Objects.requireNonNull(config.get("config"))).get(key), key);
        }

        /** {@code epoch} and {@code num_tokens} after every step. */
        void checkLog(List<Item> items) {
            int batch = ((Long) setting("per_device_train_batch_size")).intValue();
            int window = batch * ((Long) setting("gradient_accumulation_steps")).intValue();
            int n = items.size();
            int batches = (n + batch - 1) / batch;
            int epoch = 0;
            int row = 0;
            long tokens = 0;
            int[] order = Order.torchPermutation(n, 42);
            int steps = 0;
            for (Map<String, @Nullable Object> entry : log) {
                if (!entry.containsKey("loss")) {
                    continue;
                }
                if (row == n) {
                    row = 0;
                    epoch++;
                    order = Order.torchPermutation(n, 42 + epoch);
                }
                for (int end = Math.min(n, row + window); row < end; row++) {
                    Item item = items.get(order[row]);
                    for (int c = 0; c < item.completions().size(); c++) {
                        tokens += item.length(c);
                    }
                }
                double done = epoch + ((row + batch - 1) / batch) / (double) batches;
                assertEquals(done, (Double) entry.get("epoch"), 1e-12, name + ": epoch after step " + ++steps);
                assertEquals((double) tokens, entry.get("num_tokens"), name + ": tokens after step " + steps);
            }
            assertEquals(log.getLast().get("step"), (long) steps);
        }
    }

    private static List<Map<String, @Nullable Object>> objects(Path file) throws IOException {
        return ((List<?>) Objects.requireNonNull(Json.parse(file.toString(), Files.readString(file))))
                .stream().map(o -> Json.asObject((Map<?, ?>) o)).toList();
    }

    private static int[] ids(Map<String, @Nullable Object> row, String column) {
        return ((List<?>) Objects.requireNonNull(row.get(column)))
                .stream().mapToInt(id -> ((Long) id).intValue()).toArray();
    }

    private static int[] first(int length, int[] ids) {
        return ids.length <= length ? ids : Arrays.copyOf(ids, length);
    }
}
