package io.github.jalign.cli;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.data.Task;
import io.github.jalign.errors.JalignException;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jalign inspect}: what data, a model or a recipe would come to, without training. */
@Command(
        name = "inspect",
        description = {
            "Shows what rows, a model folder or a recipe would come to. Nothing is trained or written.",
            "",
            "Of data: the form in which rows were recognised, how many are kept, truncated and dropped, how long they "
                    + "are, and the first rows as the model sees them, with the trained part marked.",
            "Of a model: its sizes, special tokens and chat template, and whether it looks like a base model.",
            "Of a recipe: everything that its run would do, with the memory that it would take."
        },
        customSynopsis = {
            "jalign inspect DATA... [--model MODEL] [--split SPLIT] [--as dpo|sft] [--rows N] [--KEY=VALUE ...]",
            "       jalign inspect MODEL [--render FILE [--raw]]",
            "       jalign inspect RECIPE.yaml [--as dpo|sft] [--rows N] [--KEY=VALUE ...]",
            "       jalign inspect --render FILE --chat_template TEMPLATE [--raw]"
        },
        footer = {
            "",
            "DATA is a file, a folder or a pattern, as in dataset_name. Without --model lengths are characters.",
            "KEY is any key of a recipe, such as --max_length=512 or --dataset_train_split=train_prefs;",
            "jalign dpo --help lists them."
        },
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Inspect implements Callable<Integer> {
    /** What {@code --as} takes. */
    enum As {
        DPO,
        SFT
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(arity = "0..*", hidden = true)
    private final List<String> words = new ArrayList<>();

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = "The model whose tokenizer and template rows go through.")
    private @Nullable String model;

    @Option(
            names = "--as",
            paramLabel = "COMMAND",
            description = "What rows are read for, dpo or sft (default: what they fit).")
    private @Nullable As as;

    @Option(
            names = "--split",
            paramLabel = "SPLIT",
            description = "Which rows: train, test, 'train[:200]'; short for --dataset_train_split.")
    private @Nullable String split;

    @Option(names = "--rows", paramLabel = "N", description = "Rows to show (default: ${DEFAULT-VALUE}).")
    private int rows = 3;

    @Option(
            names = "--render",
            paramLabel = "FILE",
            description = "Render the conversation in a JSON file: {\"messages\": [...], \"tools\": [...], "
                    + "\"date\": \"2026-01-31\", ...}; further names are variables of the template.")
    private @Nullable Path render;

    @Option(
            names = "--chat_template",
            paramLabel = "TEMPLATE",
            description = "A Jinja template, or a file with one, instead of the model's.")
    private @Nullable String template;

    @Option(names = "--raw", description = "Of --render, print the text alone, to the last character.")
    private boolean raw;

    @Option(
            names = "--date",
            paramLabel = "DAY",
            description = "The day that templates see (default: the file's date, or today).")
    private @Nullable LocalDate date;

    @Override
    public Integer call() {
        List<String> targets = words.stream().takeWhile(word -> !word.startsWith("--")).toList();
        List<String> keys = new ArrayList<>(words.subList(targets.size(), words.size()));
        if (split != null) {
            keys.add("--dataset_train_split=" + split);
        }
        if (render != null) {
            render(render, targets, keys);
        } else if (targets.isEmpty()) {
            throw usage("names what to look at", keys.isEmpty() ? "nothing" : String.join(" ", keys),
                    "data, a model or a recipe", "put it first: jalign inspect rows.jsonl");
        } else if (targets.size() == 1 && isRecipe(targets.getFirst())) {
            if (model != null) {
                throw usage("a recipe names its model", "--model " + model, "model_name_or_path",
                        "write --model_name_or_path=" + model);
            }
            print(InspectedRecipe.report(targets.getFirst(), withOptions(keys), task(), rows));
        } else {
            targets.forEach(Inspect::refuse);
            Path folder = targets.size() == 1 ? modelFolder(targets.getFirst()) : null;
            if (folder == null) {
                targets.forEach(Inspect::requireThere);
                print(new InspectedData(targets, model, withOptions(keys)).report(task(), rows));
            } else if (keys.isEmpty()) {
                print(ModelReport.of(folder, today()));
            } else {
                throw usage(
                        "a model takes no keys", String.join(" ", keys), "keys beside data or a recipe", "remove them");
            }
        }
        return 0;
    }

    private static boolean isRecipe(String word) {
        return word.endsWith(".yaml") || word.endsWith(".yml");
    }

    /** Files that are models in other forms, which would be read as damaged rows. */
    private static void refuse(String word) {
        if (word.endsWith(".gguf") || word.endsWith(".safetensors")) {
            boolean gguf = word.endsWith(".gguf");
            throw usage(
                    "a model is a folder",
                    word,
                    "a folder with config.json, a tokenizer and safetensors",
                    gguf ? "convert it first: jalign convert " + word + " FOLDER" : "name the folder that holds it");
        }
    }

    /** The folder of a model here or in the Hugging Face cache, or null when the word means data. */
    private static @Nullable Path modelFolder(String word) {
        try {
            Path path = HubCache.ofUser().model(word);
            return Files.exists(path.resolve("config.json")) ? path : null;
        } catch (JalignException | InvalidPathException notAModel) {
            return null; // what is wrong with it as data is said there
        }
    }

    private static void requireThere(String word) {
        boolean pattern = word.matches(".*[*?\\[{].*");
        if (!pattern && !Files.exists(Path.of(word))) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    word,
                    "inspect looks at what is on this machine",
                    "no file or folder of that name, and no such model in the Hugging Face cache",
                    "data, a model folder, a recipe, or the name of a model that was downloaded",
                    "correct the path, or download it first: hf download " + word
                            + ", with --repo-type dataset for data");
        }
    }

    private LocalDate today() {
        return date != null ? date : LocalDate.now(ZoneId.systemDefault());
    }

    private void render(Path file, List<String> targets, List<String> keys) {
        if (targets.size() > 1 || !keys.isEmpty()) {
            throw usage(
                    "--render takes one model at most", String.join(" ", words), "a model folder", "remove the rest");
        }
        String name = targets.isEmpty() ? model : targets.getFirst();
        if (name == null) {
            if (template == null) {
                throw usage("--render needs a template", "neither a model nor --chat_template", "one of the two",
                        "name the model first, or add --chat_template");
            }
            show(new RenderReport(file, PromptFlags.given(template), null, date));
            return;
        }
        try (Tokenizer tokenizer = Tokenizer.load(HubCache.ofUser().model(name))) {
            ChatTemplate own = template == null ? tokenizer.chatTemplate() : PromptFlags.given(template);
            if (own == null) {
                throw usage("--render needs a template", name + " has none", "a model with a chat template",
                        "add --chat_template");
            }
            show(new RenderReport(file, own, tokenizer, date));
        }
    }

    private void show(RenderReport rendered) {
        if (raw) {
            out().print(rendered.raw());
            out().flush();
        } else {
            print(rendered.report());
        }
    }

    /** The keys that options stand for go back to the recipe's. */
    private List<String> withOptions(List<String> keys) {
        List<String> all = new ArrayList<>(keys);
        if (template != null) {
            all.add("--chat_template=" + template);
        }
        if (date != null) {
            all.add("--date=" + date);
        }
        return all;
    }

    private @Nullable Task task() {
        return switch (as) {
            case null -> null;
            case DPO -> Task.DPO;
            case SFT -> Task.SFT;
        };
    }

    private void print(Report report) {
        report.lines().forEach(out()::println);
        out().flush();
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    static JalignException usage(String rule, String found, String expected, String action) {
        return new JalignException(JalignException.Kind.USAGE, "jalign inspect", rule, found, expected, action);
    }
}
