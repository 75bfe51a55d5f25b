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
 * Rows to imitate: {@code prompt} and {@code completion}, {@code messages}, {@code text}, {@code input_ids} (with
 * {@code labels} or {@code completion_mask}), {@code prompt_ids} with {@code completion_ids}, or a preference row, whose
 * chosen side is used.
 *
 * @param completionOnly whether the prompt is left out of the loss; null leaves it out where a row has a
 *     {@code completion} or a {@code completion_mask}
 */
record SftFormat(DatasetFormat format, @Nullable Boolean completionOnly, PreferenceFormat preference)
        implements RowFormat {
    private static final String ACCEPTED =
            "messages; prompt and completion; text; chosen, rejected and perhaps prompt; or input_ids";
    private static final int LEFT_OUT = -100;

    @Override
    public Example example(Row row) throws BadRowException {
        if (row.has("input_ids")) {
            return labelled(row);
        }
        if (row.has("prompt_ids")) {
            boolean completion = row.has("completion_ids");
            Completion ids = PreferenceFormat.completion(row, completion ? "completion_ids" : "chosen_ids");
            return part(new Tokens(row.ids("prompt_ids"), List.of(ids)), completion);
        }
        if (row.has("prompt") && row.has("completion")) {
            return part(explicit(row, "completion"), true);
        }
        if (row.has("messages")) {
            return whole(new Chat(null, List.of(row.messages("messages")), PreferenceFormat.variables(row)), "messages");
        }
        if (row.has("text")) {
            Text text = new Text(null, List.of(row.text("text")));
            return whole(
                    format == DatasetFormat.AUTO ? text : HumanAssistant.chat(text, PreferenceFormat.variables(row)),
                    "text");
        }
        if (row.has("chosen") && row.has("rejected")) {
            return part(preference.example(row), false);
        }
        if (row.has("prompt") && row.has("chosen")) {
            return part(explicit(row, "chosen"), false);
        }
        throw new BadRowException("an SFT row needs its columns", row.names(), ACCEPTED);
    }

    /** A prompt and what follows it, of one kind. */
    private Example explicit(Row row, String column) throws BadRowException {
        boolean text = row.isText(column);
        if (text != row.isText("prompt")) {
            throw new BadRowException(
                    "prompt and " + column + " must be of one kind",
                    Json.kind(row.get("prompt")) + " and " + Json.kind(row.get(column)),
                    "text in both, or message lists in both");
        }
        Map<String, @Nullable Object> variables = PreferenceFormat.variables(row);
        if (!text) {
            return new Chat(row.messages("prompt"), List.of(row.messages(column)), variables);
        }
        Text example = new Text(row.text("prompt"), List.of(row.text(column)));
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
