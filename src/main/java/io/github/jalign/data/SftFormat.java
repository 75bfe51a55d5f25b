package io.github.jalign.data;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.data.Example.Tokens;
import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rows to imitate, in one of the forms of {@link SftSchema}, or a preference row, whose best answer is used.
 *
 * @param completionOnly whether the prompt is left out of the loss; null leaves it out where a row has a
 *     completion or a {@code completion_mask}
 */
record SftFormat(DatasetFormat format, @Nullable Boolean completionOnly, PreferenceFormat preference)
        implements RowFormat {
    private static final String ACCEPTED =
            "messages; prompt and completion; text; chosen, rejected and perhaps prompt; or input_ids";
    private static final int LEFT_OUT = -100;

    @Override
    public Recognised read(Row row) throws BadRowException {
        SftSchema schema = SftSchema.of(row);
        if (schema != null) {
            return new Recognised(schema.describe(), List.of(example(schema, row)));
        }
        PreferenceSchema pairs = preference.schema(row);
        if (pairs != null) {
            List<Example> best = new ArrayList<>();
            for (Example ranked : preference.ranked(pairs, row)) {
                best.add(part(ranked, false));
            }
            return new Recognised(pairs.describe(row), best);
        }
        if (row.has("prompt") && row.has("chosen")) {
            return new Recognised(
                    "TRL preference rows (prompt, chosen)", List.of(part(explicit(row, "prompt", "chosen"), false)));
        }
        throw new BadRowException(
                "an SFT row needs its columns",
                row.names(),
                ACCEPTED,
                "say which columns they are: dataset_columns: {prompt: …, completion: …} or {messages: …}");
    }

    private Example example(SftSchema schema, Row row) throws BadRowException {
        return switch (schema) {
            case LABELLED_IDS -> labelled(row);
            case COMPLETION_IDS ->
                part(
                        new Tokens(row.ids("prompt_ids"), List.of(TokenPairs.completion(row, "completion_ids"))),
                        true);
            case PROMPT_COMPLETION -> part(explicit(row, "prompt", "completion"), true);
            case CODE_FEEDBACK -> part(explicit(row, "query", "answer"), true);
            case MESSAGES ->
                whole(new Chat(null, List.of(row.messages("messages")), row.templateVariables()), "messages");
            case SHARE_GPT ->
                whole(
                        new Chat(null, List.of(ShareGpt.conversation(row, "conversations")), row.templateVariables()),
                        "conversations");
            case TEXT -> {
                Text text = new Text(null, List.of(row.text("text")));
                yield whole(
                        format == DatasetFormat.AUTO ? text : HumanAssistant.chat(text, row.templateVariables()),
                        "text");
            }
        };
    }

    /** A prompt and what follows it, of one kind. */
    private Example explicit(Row row, String prompt, String column) throws BadRowException {
        boolean text = row.isText(column);
        if (text != row.isText(prompt)) {
            throw new BadRowException(
                    prompt + " and " + column + " must be of one kind",
                    Json.kind(row.get(prompt)) + " and " + Json.kind(row.get(column)),
                    "text in both, or message lists in both");
        }
        Map<String, @Nullable Object> variables = row.templateVariables();
        if (!text) {
            return new Chat(row.messages(prompt), List.of(row.messages(column)), variables);
        }
        Text example = new Text(row.text(prompt), List.of(row.text(column)));
        return format == DatasetFormat.AUTO ? example : HumanAssistant.chat(example, variables);
    }

    /** Token ids of a whole sequence, and which of them are trained. */
    private Example labelled(Row row) throws BadRowException {
        int[] ids = row.ids("input_ids");
        if (row.has("labels")) {
            return tokens(ids, trained(ids, row.labels("labels")));
        }
        if (row.has("completion_mask")) {
            boolean[] mask = row.mask("completion_mask");
            sameLength(ids.length, "completion_mask", mask.length);
            return tokens(ids, Boolean.FALSE.equals(completionOnly) ? null : mask);
        }
        return whole(tokens(ids, null), "input_ids without labels or completion_mask");
    }

    private static Tokens tokens(int[] ids, boolean @Nullable [] trained) {
        return new Tokens(new int[0], List.of(new Completion(ids, trained)));
    }

    private static boolean[] trained(int[] ids, int[] labels) throws BadRowException {
        sameLength(ids.length, "labels", labels.length);
        boolean[] trained = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            trained[i] = labels[i] != LEFT_OUT;
            if (trained[i] && labels[i] != ids[i]) {
                throw new BadRowException(
                        "labels[" + i + "] must be −100 or the token itself",
                        labels[i] + " where input_ids has " + ids[i],
                        "labels that are not shifted");
            }
        }
        return trained;
    }

    private static void sameLength(int ids, String column, int length) throws BadRowException {
        if (length != ids) {
            throw new BadRowException(
                    column + " must be as long as input_ids", length + " and " + ids, "one entry for each token");
        }
    }

    /** The first completion: its prompt stays apart when only the completion is trained. */
    private Example part(Example example, boolean completionOnlyByDefault) {
        boolean apart = completionOnly == null ? completionOnlyByDefault : completionOnly;
        return switch (example) {
            case Text(String prompt, List<String> completions) ->
                apart
                        ? new Text(prompt, completions.subList(0, 1))
                        : new Text(null, List.of(prompt + completions.getFirst()));
            case Chat(var prompt, var completions, var variables) ->
                apart
                        ? new Chat(prompt, completions.subList(0, 1), variables)
                        : new Chat(null, List.of(joined(prompt, completions.getFirst())), variables);
            case Tokens(int[] prompt, List<Completion> completions) ->
                apart
                        ? new Tokens(prompt, completions.subList(0, 1))
                        : new Tokens(
                                new int[0],
                                List.of(new Completion(
                                        joined(prompt, completions.getFirst().ids()), null)));
        };
    }

    private Example whole(Example example, String columns) throws BadRowException {
        if (Boolean.TRUE.equals(completionOnly)) {
            throw new BadRowException(
                    "completion_only_loss needs a prompt apart from its completion",
                    columns,
                    "prompt and completion, a preference row, or completion_only_loss: false");
        }
        return example;
    }

    private static <T> List<T> joined(@Nullable List<T> prompt, List<T> completion) {
        List<T> all = new ArrayList<>(prompt == null ? List.of() : prompt);
        all.addAll(completion);
        return all;
    }

    static int[] joined(int[] prompt, int[] completion) {
        int[] all = Arrays.copyOf(prompt, prompt.length + completion.length);
        System.arraycopy(completion, 0, all, prompt.length, completion.length);
        return all;
    }
}
