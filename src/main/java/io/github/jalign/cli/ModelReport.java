package io.github.jalign.cli;

import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.checkpoint.Safetensors;
import io.github.jalign.generate.GenerationDefaults;
import io.github.jalign.model.LayerSpec;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.tensor.DType;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Rendered;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a model folder holds. */
final class ModelReport {
    /** Variables that templates may look at beside the messages. */
    private static final List<String> VARIABLES = List.of(
            "tools", "documents", "enable_thinking", "xml_tools", "python_tools", "custom_instructions", "date_string");

    private ModelReport() {}

    static Report of(Path folder, LocalDate date) {
        Report report = new Report();
        try (ModelFolder model = ModelFolder.open(folder)) {
            ModelConfig config =
                    ModelConfigReader.read(folder.resolve("config.json").toString(), model.config());
            report.put("model", folder.toString());
            sizes(report, config);
            weights(report, model);
            if (Files.exists(folder.resolve("tokenizer.json"))) {
                try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                    tokenizer(report, folder, config, tokenizer, date);
                }
            } else {
                report.put("tokenizer", "none: there is no tokenizer.json, so rows must be token ids");
                report.put("kind", "unknown without a tokenizer");
            }
        }
        return report;
    }

    private static void sizes(Report report, ModelConfig c) {
        report.add(
                "architecture",
                "%s (%s): %d layers of width %s, %d query heads on %d key/value heads of %d, feed-forward %s"
                        .formatted(
                                c.architecture().className(),
                                c.architecture().modelType(),
                                c.layers().size(),
                                Report.number(c.hiddenSize()),
                                c.numAttentionHeads(),
                                c.numKeyValueHeads(),
                                c.headDim(),
                                Report.number(c.intermediateSize())));
        report.add(
                "parameters",
                Report.number(c.parameterCount())
                        + (c.tieWordEmbeddings() ? ", the head is the embedding" : ", with a head of its own"));
        report.add("positions", positions(c));
    }

    private static String positions(ModelConfig c) {
        StringBuilder text = new StringBuilder("%s; RoPE theta %s"
                .formatted(Report.number(c.maxPositionEmbeddings()), theta(c.ropeTheta())));
        String scaling = c.ropeScaling().getClass().getSimpleName().toLowerCase(Locale.ROOT);
        text.append(scaling.equals("unscaled") ? "" : ", scaled (" + scaling + ")");
        Set<Integer> windows =
                c.layers().stream().map(LayerSpec::window).collect(Collectors.toCollection(TreeSet::new));
        windows.remove(0);
        long windowed = c.layers().stream().filter(layer -> layer.window() > 0).count();
        text.append(windows.isEmpty() ? "" : "; sliding window %s in %d layers".formatted(windows, windowed));
        long still = c.layers().stream().filter(layer -> !layer.rotary()).count();
        text.append(still == 0 ? "" : "; no positions in %d layers".formatted(still));
        return text.toString();
    }

    private static String theta(double theta) {
        return theta == Math.rint(theta) ? Report.number((long) theta) : String.valueOf(theta);
    }

    private static void weights(Report report, ModelFolder model) {
        Map<DType, Long> bytes = new TreeMap<>();
        for (String name : model.tensorNames()) {
            Safetensors.Entry entry = model.entry(name);
            bytes.merge(entry.dtype(), entry.elements() * entry.dtype().bytes(), Long::sum);
        }
        long all = bytes.values().stream().mapToLong(Long::longValue).sum();
        String types = bytes.keySet().stream().map(DType::torchName).collect(Collectors.joining(" and "));
        report.put(
                "weights",
                "%s, %s tensors, %s".formatted(types, Report.number(model.tensorNames().size()), mebibytes(all)));
    }

    static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%,.1f MiB", bytes / 0x1p20);
    }

    private static void tokenizer(
            Report report, Path folder, ModelConfig config, Tokenizer tokenizer, LocalDate date) {
        int rows = config.vocabularySize();
        int tokens = tokenizer.vocabularySize();
        report.add(
                "vocabulary",
                Report.number(rows) + " rows, " + Report.number(tokens) + " tokens"
                        + (tokens > rows ? ": the tokenizer belongs to another model" : ""));
        Set<Integer> stops = GenerationDefaults.read(folder, config).stopIds();
        report.add("special", special(tokenizer));
        report.add(
                "stops",
                stops.isEmpty()
                        ? "at no token: config.json and generation_config.json name no eos_token_id"
                        : "at " + stops.stream()
                                .sorted()
                                .map(id -> shown(tokenizer, id))
                                .collect(Collectors.joining(", ")));
        ChatTemplate template = tokenizer.chatTemplate();
        if (template == null) {
            report.put("template", "none");
            report.add("kind", "looks like a base model, since it has no chat template: DPO wants one that was"
                    + " trained on conversations first (jalign sft)");
            report.put("next", "jalign generate " + folder + " --raw --prompt \"...\"");
            return;
        }
        report.add("template", template.name() + ", " + Report.number(template.source().length()) + " characters");
        String sees = VARIABLES.stream().filter(template.source()::contains).collect(Collectors.joining(", "));
        report.add("", sees.isEmpty() ? "sees the messages only" : "sees " + sees);
        if (template.source().contains("strftime_now")) {
            report.add("", "sees the day: set date, so that rows and their cache stay the same tomorrow");
        }
        kind(report, tokenizer, new ChatFormat(template, tokenizer.templateVariables(), date), stops);
        report.put("next", "jalign generate " + folder + " --prompt \"...\"");
    }

    private static String special(Tokenizer tokenizer) {
        Map<String, @Nullable Integer> ids = new LinkedHashMap<>();
        ids.put("BOS", tokenizer.bosId());
        ids.put("EOS", tokenizer.eosId());
        ids.put("padding", tokenizer.padId());
        return ids.entrySet().stream()
                .map(e -> e.getKey() + " " + (e.getValue() == null ? "none" : shown(tokenizer, e.getValue())))
                .collect(Collectors.joining(", "));
    }

    private static String shown(Tokenizer tokenizer, int id) {
        return tokenizer.decode(new int[] {id}, false) + " (" + id + ")";
    }

    /** A model that was trained on its template's turns stops where they end. */
    private static void kind(Report report, Tokenizer tokenizer, ChatFormat format, Set<Integer> stops) {
        String answer = "fine";
        Rendered turn = format.render(
                List.of(Prompting.message("user", "How are you?"), Prompting.message("assistant", answer)),
                false,
                Map.of());
        int end = turn.text().lastIndexOf(answer) + answer.length();
        int[] after = tokenizer.encode(turn.text().substring(end), false);
        for (int id : after) {
            if (stops.contains(id)) {
                report.add("kind", "looks like a chat model: its template ends answers with "
                        + shown(tokenizer, id) + ", where generation stops");
                return;
            }
        }
        report.add("kind", "looks like a base model with a chat template: the template ends answers with "
                + (after.length == 0 ? "nothing" : "\"" + turn.text().substring(end).replace("\n", "\\n") + "\"")
                + ", where generation does not stop; DPO wants a model that was trained on conversations first"
                + " (jalign sft)");
    }
}
