package io.github.jalign.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was read, kept and left out.
 *
 * @param source the files and folders
 * @param schemas the forms that rows were recognised by, with how many had each
 * @param train the rows to train on
 * @param eval the rows to evaluate on; null when none were asked for
 * @param bad the first rows left out as bad, at most {@link #MOST_BAD_ROWS}
 * @param notes what the user should know, a sentence each
 */
public record Summary(
        String source,
        Map<String, Integer> schemas,
        Counts train,
        @Nullable Counts eval,
        List<BadRow> bad,
        List<String> notes) {
    public static final int MOST_BAD_ROWS = 5;

    private static final int LABEL_WIDTH = 13;

    public Summary {
        schemas = Collections.unmodifiableMap(new LinkedHashMap<>(schemas));
        bad = List.copyOf(bad);
        notes = List.copyOf(notes);
    }

    /** For people: a label and what it is about on each line; losses, bad rows and notes only where there are any. */
    public List<String> lines() {
        return lines("train");
    }

    /** @param label what rows that are not for evaluation are called */
    public List<String> lines(String label) {
        List<String> lines = new ArrayList<>();
        add(lines, "data", source);
        schemas.forEach((schema, rows) -> add(
                lines, "format", schemas.size() == 1 ? schema : schema + ", " + number(rows) + " rows"));
        part(lines, label, train);
        if (eval != null) {
            part(lines, "eval", eval);
        }
        bad.forEach(row -> add(lines, "bad row", row.toString()));
        int more = train.bad() + (eval == null ? 0 : eval.bad()) - bad.size();
        if (more > 0 && !bad.isEmpty()) {
            add(lines, "", "and " + more + " more");
        }
        notes.forEach(note -> add(lines, "note", note));
        return lines;
    }

    private static void part(List<String> lines, String part, Counts counts) {
        add(
                lines,
                part,
                String.format(
                        Locale.ROOT,
                        "%,d of %s, %,d tokens (%,d trained), longest %,d",
                        counts.kept(),
                        of(counts),
                        counts.tokens(),
                        counts.trainedTokens(),
                        counts.longest()));
        losses(counts).forEach(loss -> add(lines, "", loss));
    }

    private static String of(Counts counts) {
        return counts.examples() == counts.rows()
                ? number(counts.rows()) + " rows"
                : number(counts.examples()) + " pairs in " + number(counts.rows()) + " rows";
    }

    private static String number(int n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    private static void add(List<String> lines, String label, String text) {
        lines.add(label + " ".repeat(LABEL_WIDTH - label.length()) + text);
    }

    /** What rows lost, with counts; empty when all is well. */
    static List<String> losses(Counts counts) {
        List<String> losses = new ArrayList<>();
        loss(losses, counts.bad(), "bad");
        loss(losses, counts.noPreference(), "dropped (no answer is preferred)");
        loss(losses, counts.promptFills(), "dropped (the prompt fills max_length)");
        loss(losses, counts.nothingTrained(), "dropped (no trained token left)");
        loss(losses, counts.truncated(), "truncated at the end");
        loss(losses, counts.promptsTruncated(), "with a shortened prompt");
        loss(losses, counts.boundaryMismatches(), "with a token across the prompt's end");
        loss(losses, counts.identical(), "with chosen = rejected");
        return losses;
    }

    private static void loss(List<String> losses, int count, String what) {
        if (count > 0) {
            losses.add(String.format(Locale.ROOT, "%,d %s", count, what));
        }
    }
}
