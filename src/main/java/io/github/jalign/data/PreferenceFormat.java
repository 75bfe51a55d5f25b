package io.github.jalign.data;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.data.Example.Tokens;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows with a better and a worse answer, in one of the forms that are known. */
final class PreferenceFormat implements RowFormat {
    private final DatasetFormat format;
    private final List<PreferenceSchema> schemas;

    PreferenceFormat(DatasetFormat format, ImplicitPrompt implicitPrompt) {
        this.format = format;
        // The first that matches is taken: those with more columns go before TRL's, whose names they share.
        this.schemas = List.of(
                new TokenPairs(),
                new OasstTrees(),
                new ChosenMessages(),
                new ArenaBattles(),
                new ShareGptPairs(),
                new OrcaPairs("orca_dpo_pairs", "question"),
                new OrcaPairs("distilabel-intel-orca-dpo-pairs", "input"),
                new NamedColumns(
                        "argilla ultrafeedback-binarized-preferences",
                        "instruction",
                        "chosen_response",
                        "rejected_response"),
                new NamedColumns("stack-exchange-paired", "question", "response_j", "response_k"),
                new NamedColumns(
                        "persona questions", "question", "answer_matching_behavior", "answer_not_matching_behavior"),
                new TrlPairs(format, implicitPrompt));
    }

    /** The form of the row, or null when none fits. */
    @Nullable PreferenceSchema schema(Row row) {
        return schemas.stream().filter(schema -> schema.matches(row)).findFirst().orElse(null);
    }

    @Override
    public Recognised read(Row row) throws BadRowException {
        PreferenceSchema schema = schema(row);
        if (schema == null) {
            throw unknown(row);
        }
        List<Example> pairs = new ArrayList<>();
        for (Example ranked : ranked(schema, row)) {
            addPairs(ranked, pairs);
        }
        return new Recognised(schema.describe(row), pairs);
    }

    /** Prompts with their answers, the best first, as the recipe wants text. */
    List<Example> ranked(PreferenceSchema schema, Row row) throws BadRowException {
        List<Example> examples = new ArrayList<>();
        for (Example example : schema.ranked(row)) {
            examples.add(
                    format == DatasetFormat.MESSAGES && example instanceof Text text
                            ? HumanAssistant.chat(text, row.templateVariables())
                            : example);
        }
        return examples;
    }

    /** Every answer with every worse one, as the reward models of Ouyang et al. (2022), section 3.5, are trained. */
    private static void addPairs(Example ranked, List<Example> pairs) {
        switch (ranked) {
            case Text(String prompt, List<String> answers) ->
                pairs(answers).forEach(pair -> pairs.add(new Text(prompt, pair)));
            case Chat(var prompt, var answers, var variables) ->
                pairs(answers).forEach(pair -> pairs.add(new Chat(prompt, pair, variables)));
            case Tokens(int[] prompt, List<Completion> answers) ->
                pairs(answers).forEach(pair -> pairs.add(new Tokens(prompt, pair)));
        }
    }

    private static <T> List<List<T>> pairs(List<T> answers) {
        List<List<T>> pairs = new ArrayList<>();
        for (int better = 0; better < answers.size(); better++) {
            for (int worse = better + 1; worse < answers.size(); worse++) {
                pairs.add(List.of(answers.get(better), answers.get(worse)));
            }
        }
        return pairs;
    }

    private BadRowException unknown(Row row) {
        String nearest = schemas.stream()
                .filter(schema -> present(schema, row) > 0)
                .max(Comparator.comparingDouble(schema -> present(schema, row)))
                .map(schema -> "; the nearest known data set is " + schema.name() + " ("
                        + String.join(", ", schema.columns()) + ")")
                .orElse("");
        return new BadRowException(
                "a preference row needs its columns",
                row.names(),
                "chosen and rejected, with or without prompt, or those of a known data set" + nearest,
                action(row));
    }

    private static String action(Row row) {
        if (SftSchema.of(row) == null) {
            return "say which columns they are: dataset_columns: {prompt: …, chosen: …, rejected: …}";
        }
        return row.has("label")
                ? "use pairs; rows with one answer and a label are for KTO, which is not built yet"
                : "train on these rows with jalign sft, or use a data set of preferences";
    }

    /** The share of a schema's columns that the row has. */
    private static double present(PreferenceSchema schema, Row row) {
        return (double) schema.columns().stream().filter(row::has).count() / schema.columns().size();
    }
}
