package io.github.jalign.cli;

import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.data.Completion;
import io.github.jalign.data.Dataset;
import io.github.jalign.data.Item;
import io.github.jalign.data.RowId;
import io.github.jalign.data.Task;
import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.PairScore;
import io.github.jalign.generate.TextLoss;
import io.github.jalign.json.Json;
import io.github.jalign.recipe.Recipe;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import io.github.jalign.train.DpoConfig;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code jalign score}: what a model makes of preference pairs, or of plain text. */
@Command(
        name = "score",
        description = "Says how often a model finds the chosen answer likelier than the rejected one, and by how much.",
        customSynopsis = {
            "jalign score MODEL DATA [--reference=MODEL] [--split=SPLIT] [--output=FILE] [--KEY=VALUE ...]",
            "       jalign score MODEL --text=FILE [--reference=MODEL] [--output=FILE]"
        },
        footer = {
            "",
            "Further keys are those of jalign dpo that say how rows become tokens and what beta is, for example"
                    + " --dataset_format=messages, --max_length=512, --beta=0.5 or --config=recipe.yaml. With the keys of a"
                    + " run, pairs are scored exactly as that run evaluates them."
        },
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Score implements Callable<Integer> {
    private static final int WINDOW = 1024;
    private static final String DEFAULT_SPLIT = "train";

    /** Keys that have another name here. */
    private static final Map<String, String> OWN_KEYS = Map.of(
            "--model_name_or_path", "MODEL",
            "--dataset_name", "DATA",
            "--dataset_train_split", "--split",
            "--ref_model_name_or_path", "--reference");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A Hugging Face model folder, or ORG/NAME of the local Hugging Face cache.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "DATA", description = "Preference pairs: what jalign dpo takes as dataset_name.")
    private @Nullable String data;

    @Option(names = "--reference", paramLabel = "MODEL", description = "Also scores this model, and says the implicit rewards, as training logs them.")
    private @Nullable String reference;

    @Option(names = "--split", paramLabel = "SPLIT", description = "Which rows: train, test, 'train[:200]', 'train[10%%:20%%]' (default: train).")
    private @Nullable String split;

    @Option(names = "--text", paramLabel = "FILE", description = "Says the loss per token of this plain text, which tells whether a model has lost its general ability.")
    private @Nullable Path text;

    @Option(names = "--output", paramLabel = "FILE", description = "Writes JSON Lines: a line a pair, or with --text alone a line a token.")
    private @Nullable Path output;

    @Mixin
    private final ComputeFlags computeFlags = new ComputeFlags();

    @Unmatched
    private final List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (data == null && text == null) {
            throw usage("there must be something to score", "neither DATA nor --text", "name a file of pairs, or a text");
        }
        Path folder = HubCache.ofUser().model(model);
        @Nullable Path referenceFolder = reference == null ? null : HubCache.ofUser().model(reference);
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            ScoreReport report = new ScoreReport(out, referenceFolder != null);
            if (data == null) {
                requireNoKeys();
            } else {
                Recipe<DpoConfig> recipe = Recipe.dpo(words(data));
                recipe.notes().forEach(note -> err.println("note: " + note));
                Dataset dataset = dataset(recipe.config(), tokenizer);
                dataset.summary().lines("rows").forEach(err::println);
                err.flush();
                List<Item> items = dataset.train();
                double[][][] logps = logps(folder, items, "pairs", err);
                double[][][] refLogps =
                        referenceFolder == null ? null : logps(referenceFolder, items, "pairs by the reference", err);
                List<PairScore> scores = PairScore.of(items, logps, refLogps);
                if (output != null) {
                    AtomicFiles.writeString(output, lines(scores.stream().map(Score::row).toList()));
                }
                report.pairs(scores, recipe.config().beta());
            }
            if (text != null) {
                text(folder, referenceFolder, text, tokenizer, report, err);
            }
        }
        return 0;
    }

    private List<String> words(String dataset) {
        for (String key : keys) {
            String name = key.split("=", 2)[0].replace('-', '_').replaceFirst("^__", "--");
            if (OWN_KEYS.containsKey(name)) {
                throw usage("this key has a name of its own here", key, "write " + OWN_KEYS.get(name));
            }
            if (!key.startsWith("--") || !key.contains("=")) {
                throw usage("further words are keys with their values", key, "write --KEY=VALUE, or leave the word out");
            }
        }
        List<String> words = new ArrayList<>(keys);
        words.add("--model_name_or_path=" + model);
        words.add("--dataset_name=" + dataset);
        words.add("--dataset_train_split=" + (split == null ? DEFAULT_SPLIT : split));
        return words;
    }

    private void requireNoKeys() {
        if (split != null || !keys.isEmpty()) {
            throw usage(
                    "a text needs no keys",
                    split != null ? "--split=" + split : keys.getFirst(),
                    "leave it out, or name the pairs that it is about");
        }
    }

    private static JalignException usage(String rule, String found, String action) {
        return new JalignException(
                JalignException.Kind.USAGE,
                "jalign score",
                rule,
                found,
                "MODEL DATA with keys of jalign dpo, or MODEL --text=FILE",
                action);
    }

    private static Dataset dataset(DpoConfig config, Tokenizer tokenizer) {
        ChatFormat format = ChatFormat.of(tokenizer, config.run().chatTemplate(), config.run().date());
        return Dataset.load(config.data(), Task.DPO, tokenizer, format);
    }

    /** Loads a model, scores and gives its memory back. */
    private double[][][] logps(Path folder, List<Item> items, String what, PrintWriter err) {
        int longest = items.stream()
                .mapToInt(item -> IntStream.range(0, item.completions().size()).map(item::length).max().orElse(1))
                .max()
                .orElse(1);
        ProgressLine progress = new ProgressLine(err, Machine.hasTerminal());
        progress.show("loading " + folder);
        try (Generator generator = computeFlags.load(folder, longest, err)) {
            int vocabulary = generator.config().vocabularySize();
            items.forEach(item -> requireKnown(folder, item, vocabulary));
            return generator.tokenLogps(items, done -> progress.show("scored %,d of %,d %s".formatted(done, items.size(), what)));
        } finally {
            progress.clear();
        }
    }

    private static void requireKnown(Path folder, Item item, int vocabulary) {
        IntStream ids = IntStream.concat(
                Arrays.stream(item.prompt()),
                item.completions().stream().map(Completion::ids).flatMapToInt(Arrays::stream));
        ids.filter(id -> id >= vocabulary).findFirst().ifPresent(id -> {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    item.row().toString(),
                    "token ids must lie in the vocabulary of " + folder,
                    "id " + id,
                    "0 to " + (vocabulary - 1),
                    "use models of one tokenizer");
        });
    }

    private static Map<String, @Nullable Object> row(PairScore score) {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("index", score.index());
        row.put("row", score.row().toString());
        row.put("prompt_tokens", score.promptTokens());
        row.put("tokens_chosen", score.chosen().tokens());
        row.put("tokens_rejected", score.rejected().tokens());
        row.put("logps_chosen", score.chosen().logps());
        row.put("logps_rejected", score.rejected().logps());
        if (score.chosen().refLogps() != null) {
            row.put("ref_logps_chosen", score.chosen().refLogps());
            row.put("ref_logps_rejected", score.rejected().refLogps());
        }
        return row;
    }

    private static String lines(List<Map<String, @Nullable Object>> rows) {
        StringBuilder lines = new StringBuilder();
        rows.forEach(row -> lines.append(Json.write(row)).append('\n'));
        return lines.toString();
    }

    private void text(
            Path folder,
            @Nullable Path referenceFolder,
            Path file,
            Tokenizer tokenizer,
            ScoreReport report,
            PrintWriter err) {
        String content = TextFile.read(file, "the text");
        int[] ids = tokenizer.encode(content, true);
        if (ids.length < 2) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    file.toString(),
                    "a text must have two tokens, of which the second is foreseen",
                    ids.length + " tokens",
                    "some text",
                    "name another file");
        }
        List<Item> windows = TextLoss.windows(new RowId(file.toString(), 1), ids, WINDOW);
        TextLoss loss = TextLoss.of(logps(folder, windows, "windows of text", err));
        @Nullable TextLoss ofReference = referenceFolder == null
                ? null
                : TextLoss.of(logps(referenceFolder, windows, "windows of text by the reference", err));
        if (output != null && data == null) {
            List<Map<String, @Nullable Object>> rows = new ArrayList<>();
            for (int i = 1; i < ids.length; i++) {
                Map<String, @Nullable Object> row = new LinkedHashMap<>();
                row.put("index", i);
                row.put("id", ids[i]);
                row.put("token", tokenizer.decode(new int[] {ids[i]}, false));
                row.put("logp", loss.logps()[i - 1]);
                if (ofReference != null) {
                    row.put("ref_logp", ofReference.logps()[i - 1]);
                }
                rows.add(row);
            }
            AtomicFiles.writeString(output, lines(rows));
        }
        report.text(file, content.getBytes(StandardCharsets.UTF_8).length, Math.min(WINDOW, ids.length), loss, ofReference);
    }
}
