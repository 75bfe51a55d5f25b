package io.github.jalign.data;

import io.github.jalign.data.Outcome.Event;
import java.util.List;
import java.util.Objects;

/**
 * What became of the rows of one part of a data set.
 *
 * @param rows rows taken from the files
 * @param examples what they held: as many, unless rows are trees of messages with several pairs each; the counts that
 *     follow are of these
 * @param kept rows that became items
 * @param bad rows left out because they break their format's rules
 * @param noPreference rows dropped because they prefer no answer
 * @param promptFills rows dropped because the prompt alone has {@code max_length} tokens
 * @param nothingTrained rows dropped because no trained token is left in a completion
 * @param promptsTruncated kept rows whose prompt lost its beginning to {@code max_prompt_length}
 * @param truncated kept rows of which a completion lost its end to {@code max_length}
 * @param boundaryMismatches kept rows where the end of the prompt is left out, because it is tokenised otherwise when a
 *     completion follows
 * @param identical kept pairs whose sides have the same tokens
 * @param textRows kept rows that were read as plain text
 * @param tokens tokens of the kept rows' sequences; a prompt counts once for each completion, as in TRL's
 *     {@code num_tokens}
 * @param trainedTokens those among them that the loss counts
 * @param longest tokens of the longest sequence
 */
public record Counts(
        int rows,
        int examples,
        int kept,
        int bad,
        int noPreference,
        int promptFills,
        int nothingTrained,
        int promptsTruncated,
        int truncated,
        int boundaryMismatches,
        int identical,
        int textRows,
        long tokens,
        long trainedTokens,
        int longest) {

    static Counts of(int rows, List<Outcome> outcomes) {
        List<Outcome> used = outcomes.stream().filter(o -> o.item() != null).toList();
        long tokens = 0;
        long trained = 0;
        int longest = 0;
        for (Outcome outcome : used) {
            Item item = Objects.requireNonNull(outcome.item());
            for (int c = 0; c < item.completions().size(); c++) {
                tokens += item.length(c);
                trained += Pack.trained(item, c);
                longest = Math.max(longest, item.length(c));
            }
        }
        return new Counts(
                rows,
                outcomes.size(),
                used.size(),
                count(outcomes, Event.BAD),
                count(outcomes, Event.NO_PREFERENCE),
                count(outcomes, Event.PROMPT_FILLS),
                count(outcomes, Event.NOTHING_TRAINED),
                count(used, Event.PROMPT_TRUNCATED),
                count(used, Event.TRUNCATED),
                count(used, Event.BOUNDARY_MISMATCH),
                count(used, Event.IDENTICAL),
                count(used, Event.TEXT),
                tokens,
                trained,
                longest);
    }

    private static int count(List<Outcome> outcomes, Event event) {
        return (int) outcomes.stream().filter(o -> o.events().contains(event)).count();
    }
}
