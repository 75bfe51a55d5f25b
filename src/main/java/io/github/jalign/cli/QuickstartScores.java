package io.github.jalign.cli;

import io.github.jalign.data.BadRows;
import io.github.jalign.data.DataConfig;
import io.github.jalign.data.Dataset;
import io.github.jalign.data.Item;
import io.github.jalign.data.Task;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.ops.Backend;
import io.github.jalign.quickstart.Pair;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import io.github.jalign.train.Compute;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.Precision;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * What a model makes of the held-out pairs.
 *
 * @param accuracy share of pairs of which the chosen answer is likelier than the rejected
 * @param margin mean over pairs of log p(chosen) − log p(rejected), each summed over its tokens, in nats
 * @param answered share of questions to which the model's own answer, greedy, says what was asked
 * @param answers those answers, one a question
 */
record QuickstartScores(double accuracy, double margin, double answered, List<String> answers) {
    private static final int MAX_NEW_TOKENS = 48;

    QuickstartScores {
        answers = List.copyOf(answers);
    }

    /**
     * Loads a model, scores the pairs and asks their questions.
     *
     * @param config says where the pairs lie as tokens are to be made of them, and what computes
     * @param pairs those of the data set's split {@code test}, in its order
     * @param asked told how many questions have been put
     */
    static QuickstartScores of(Path model, DpoConfig config, List<Pair> pairs, IntConsumer asked) {
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            return of(model, tokenizer, items(config.data(), tokenizer), config.run().compute(), pairs, asked);
        }
    }

    private static List<Item> items(DataConfig data, Tokenizer tokenizer) {
        ChatTemplate template = Objects.requireNonNull(tokenizer.chatTemplate(), "the model that ships has a template");
        DataConfig test = new DataConfig(
                data.datasetNames(),
                "test",
                null,
                null,
                null,
                null,
                data.splitSeed(),
                data.format(),
                data.columns(),
                data.implicitPrompt(),
                BadRows.FAIL,
                null,
                null,
                null,
                data.specialTokensInText());
        ChatFormat format = new ChatFormat(template, tokenizer.templateVariables(), LocalDate.EPOCH);
        return Dataset.load(test, Task.DPO, tokenizer, format).train();
    }

    private static QuickstartScores of(
            Path model, Tokenizer tokenizer, List<Item> items, Compute compute, List<Pair> pairs, IntConsumer asked) {
        Backend backend =
                switch (compute.device()) {
                    case AUTO, CPU -> Backend.CPU; // done with so small a model before a GPU has begun
                    case CUDA -> compute.dtype() == Precision.FLOAT32 ? Backend.CUDA_FLOAT32 : Backend.CUDA;
                    case REFERENCE -> Backend.REFERENCE;
                };
        int longest = items.stream()
                .mapToInt(i -> Math.max(i.prompt().length + MAX_NEW_TOKENS, Math.max(i.length(0), i.length(1))))
                .max()
                .orElseThrow();
        try (Generator generator = new Generator(model, backend, compute.threads(), longest)) {
            int right = 0;
            double sum = 0;
            for (double[] pair : generator.score(items)) {
                right += pair[0] > pair[1] ? 1 : 0;
                sum += pair[0] - pair[1];
            }
            int answered = 0;
            List<String> answers = new ArrayList<>();
            Set<Integer> stop = generator.defaults().stopIds();
            for (int i = 0; i < items.size(); i++) {
                int[] ids = generator.generate(
                        items.get(i).prompt(), SamplingOptions.greedy(MAX_NEW_TOKENS), stop, id -> true);
                String answer = tokenizer.decode(ids, true);
                answers.add(answer);
                asked.accept(answers.size());
                answered += pairs.get(i).question().isAnsweredBy(answer) ? 1 : 0;
            }
            double count = items.size();
            return new QuickstartScores(right / count, sum / count, answered / count, answers);
        }
    }

    /** The numbers, for files. */
    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("accuracy", accuracy);
        json.put("margin", margin);
        json.put("answered", answered);
        return json;
    }
}
