package io.github.jalign.cli;

import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.quickstart.Pair;
import io.github.jalign.recipe.Recipe;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.DpoTrainer;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code jalign quickstart}: the whole story on a small model in a minute. */
@Command(
        name = "quickstart",
        description = "Aligns a small model that ships with jalign, in a minute and without a network.",
        customSynopsis = "jalign quickstart [--output_dir=FOLDER] [--seed=N] [--KEY=VALUE ...]",
        footer = {"", "Further keys are those of jalign dpo, for example --learning_rate=0 or --beta=0.5."},
        subcommands = QuickstartFirstModel.class,
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true)
final class Quickstart implements Callable<Integer> {
    private static final int TRAIN = 512;
    private static final int HELD_OUT = 256;

    /** What the command itself decides; {@code --output-dir} and the like included. */
    private static final List<String> OWN_KEYS = List.of("--model_name_or_path", "--dataset_name", "--config", "--output_dir");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(names = "--output_dir", paramLabel = "FOLDER", description = "Where everything goes (default: ${DEFAULT-VALUE}).")
    private Path output = Path.of("quickstart-out");

    @Option(names = "--seed", paramLabel = "N", description = "Which pairs are drawn, and their order (default: ${DEFAULT-VALUE}).")
    private long seed = 42;

    @Unmatched
    private final List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
        long began = System.nanoTime();
        QuickstartHome home = QuickstartHome.find();
        Path model = output.resolve("model");
        Path pairs = output.resolve("pairs");
        Recipe<DpoConfig> recipe = Recipe.dpo(home.recipe().toString(), home.recipeText(), words(home, pairs, model));
        List<Pair> train = Pair.draw(TRAIN, false, seed);
        List<Pair> heldOut = Pair.draw(HELD_OUT, true, seed);
        QuickstartStory story = new QuickstartStory(spec.commandLine().getOut(), Machine.hasTerminal());

        write(pairs.resolve("train.jsonl"), rows(train));
        write(pairs.resolve("test.jsonl"), rows(heldOut));
        recipe.notes().forEach(story::warned);
        story.opening(home, train, heldOut, seed);
        QuickstartScores before = QuickstartScores.of(home.model(), recipe.config(), heldOut, story.asking("before"));
        DpoTrainer.run(recipe.config(), recipe.resolved(), story);
        QuickstartScores after = QuickstartScores.of(model, recipe.config(), heldOut, story.asking("after"));

        Path numbers = output.resolve("before-after.json");
        write(numbers, Json.writePretty(numbers(heldOut, before, after), 2));
        story.table(before, after);
        story.samples(heldOut.stream().map(Pair::question).toList(), before, after);
        story.ending(home, output, (System.nanoTime() - began) / 1e9);
        return 0;
    }

    /** The user's keys, and those that lead the recipe to this run's folders. */
    private List<String> words(QuickstartHome home, Path pairs, Path model) {
        for (String word : keys) {
            String key = word.split("=", 2)[0].replace('-', '_').replaceFirst("^__", "--");
            if (OWN_KEYS.contains(key) || word.equals(keys.getFirst()) && !word.startsWith("--")) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "jalign quickstart",
                        "it trains the model that ships, on pairs that it draws itself",
                        word,
                        "--output_dir, --seed and keys of jalign dpo that say how to train",
                        "leave the word out, or use jalign dpo with a recipe");
            }
        }
        List<String> words = new ArrayList<>(keys);
        words.add("--model_name_or_path=" + home.model());
        words.add("--dataset_name=" + pairs);
        words.add("--output_dir=" + model);
        words.add("--reference_cache=" + output.resolve("reference"));
        words.add("--seed=" + seed);
        return words;
    }

    private static String rows(List<Pair> pairs) {
        StringBuilder rows = new StringBuilder();
        pairs.forEach(pair -> rows.append(Json.write(pair.row())).append('\n'));
        return rows.toString();
    }

    private static Map<String, Object> numbers(List<Pair> heldOut, QuickstartScores before, QuickstartScores after) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("before", before.toJson());
        json.put("after", after.toJson());
        List<Object> answers = new ArrayList<>();
        for (int i = 0; i < heldOut.size(); i++) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("question", heldOut.get(i).question().text());
            answer.put("before", before.answers().get(i));
            answer.put("after", after.answers().get(i));
            answers.add(answer);
        }
        json.put("answers", answers);
        return json;
    }

    private static void write(Path file, String text) {
        Path folder = file.resolveSibling("");
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    folder.toString(),
                    "the folder must be there, or such that it can be made",
                    e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e.toString(),
                    "a folder that this user may write to",
                    "give another one with --output_dir",
                    e);
        }
        AtomicFiles.writeString(file, text);
    }
}
