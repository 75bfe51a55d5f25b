package io.github.jalign.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What was read, kept and left out.
 *
 * @param source the file or folder
 * @param train the rows to train on
 * @param eval the rows to evaluate on; null when none were asked for
 * @param bad the first rows left out as bad, at most {@link #MOST_BAD_ROWS}
 * @param notes what the user should know, a sentence each
 */
public record Summary(
        String source, Counts train, @Nullable Counts eval, List<BadRow> bad, List<String> notes) {
    public static final int MOST_BAD_ROWS = 5;

    public Summary {
        bad = List.copyOf(bad);
        notes = List.copyOf(notes);
    }

    /** For people: what was kept and lost, then the first bad rows, then the notes. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("data: " + source);
        add(lines, "train", train);
        if (eval != null) {
            add(lines, "eval ", eval);
        }
        bad.forEach(row -> lines.add("  bad row " + row));
        int more = train.bad() + (eval == null ? 0 : eval.bad()) - bad.size();
        if (more > 0 && !bad.isEmpty()) {
            lines.add("  and " + more + " more");
        }
        notes.forEach(note -> lines.add("  note: " + note));
        return lines;
    }

    private static void add(List<String> lines, String part, Counts counts) {
        lines.add(String.format(
                Locale.ROOT,
                "  %s  %,d of %,d rows, %,d tokens (%,d trained), longest %,d",
                part,
                counts.kept(),
                counts.rows(),
                counts.tokens(),
                counts.trainedTokens(),
                counts.longest()));
        List<String> losses = losses(counts);
        if (!losses.isEmpty()) {
            lines.add("         " + String.join(", ", losses));
        }
    }

    /** What rows lost, with counts; empty when all is well. */
    static List<String> losses(Counts counts) {
        List<String> losses = new ArrayList<>();
        add(losses, counts.bad(), "bad");
        add(losses, counts.promptFills(), "dropped (the prompt fills max_length)");
        add(losses, counts.nothingTrained(), "dropped (no trained token left)");
        add(losses, counts.truncated(), "truncated at the end");
        add(losses, counts.promptsTruncated(), "with a shortened prompt");
        add(losses, counts.boundaryMismatches(), "with a token across the prompt's end");
        add(losses, counts.identical(), "with chosen = rejected");
        return losses;
    }

    private static void add(List<String> losses, int count, String what) {
        if (count > 0) {
            losses.add(String.format(Locale.ROOT, "%,d %s", count, what));
        }
    }
}
