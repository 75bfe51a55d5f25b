package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The items of a run: rows selected by split, read one at a time, tokenised and cut to length. Items keep the order of
 * their rows (after {@code train_test_split}: that of its permutation); {@link Order} shuffles them for an epoch.
 */
public final class Dataset {
    private final List<Item> train;
    private final List<Item> eval;
    private final List<Lengths> lengths;
    private final Summary summary;

    private Dataset(List<Item> train, List<Item> eval, List<Lengths> lengths, Summary summary) {
        this.train = train;
        this.eval = eval;
        this.lengths = lengths;
        this.summary = summary;
    }

    /**
     * Reads, tokenises and cuts all rows of a run.
     *
     * @param tokenizer null when rows are token ids
     * @param format null when rows are not messages
     * @throws JalignException of kind USAGE for split expressions that cannot be understood or filled, of kind INPUT for
     *     files that are damaged, bad rows that are not skipped, rows that need what is null here, or no rows left, and
     *     of kind IO when reading fails
     */
    public static Dataset load(
            DataConfig config, Task task, @Nullable Tokenizer tokenizer, @Nullable ChatFormat format) {
        return load(config, task, new TextEncoder(tokenizer, format, config.specialTokensInText()));
    }

    /** The same without a model: items hold code points, and their lengths are counts of characters. */
    public static Dataset ofCharacters(DataConfig config, Task task) {
        return load(config, task, new Characters());
    }

    static Dataset load(DataConfig config, Task task, Encoder encoder) {
        Selection selection = Selection.of(config);
        Integer maxPromptLength = task == Task.DPO ? config.maxPromptLength() : null;
        Reading reading = new Reading(
                RowFormat.of(task, config),
                new Tokenization(encoder, maxPromptLength, config.maxLength()),
                config.badRows(),
                selection.source());
        List<List<Outcome>> outcomes = reading.read(selection.files(), selection.wanted());

        List<Outcome> train = Reading.select(outcomes, selection.train());
        List<Outcome> eval = selection.eval() == null ? List.of() : Reading.select(outcomes, selection.eval());
        Counts counts = Counts.of(selection.train().length, train);
        Counts evalCounts = selection.eval() == null ? null : Counts.of(selection.eval().length, eval);
        Summary summary = new Summary(
                config.source(), reading.schemas(), counts, evalCounts, reading.badRows(), notes(counts, encoder));
        requireRows(summary, "dataset_train_split " + config.trainSplit(), counts);
        if (evalCounts != null) {
            requireRows(
                    summary,
                    config.testSplit() == null ? "test_size" : "dataset_test_split " + config.testSplit(),
                    evalCounts);
        }
        List<Lengths> lengths = train.stream().map(Outcome::lengths).filter(Objects::nonNull).toList();
        return new Dataset(items(train), items(eval), lengths, summary);
    }

    /** Its items as {@link Item#separatedAcross} makes them. */
    public Dataset separatedAcross(int length) {
        return new Dataset(
                train.stream().map(item -> item.separatedAcross(length)).toList(),
                eval.stream().map(item -> item.separatedAcross(length)).toList(),
                lengths,
                summary);
    }

    /** The items to train on, at least one. */
    public List<Item> train() {
        return train;
    }

    /** The items to evaluate on; none when the recipe asks for no evaluation rows. */
    public List<Item> eval() {
        return eval;
    }

    /** How long the rows to train on were before anything was cut or dropped for its length. */
    public List<Lengths> lengths() {
        return lengths;
    }

    public Summary summary() {
        return summary;
    }

    private static List<Item> items(List<Outcome> outcomes) {
        return outcomes.stream().map(Outcome::item).filter(Objects::nonNull).toList();
    }

    private static List<String> notes(Counts train, Encoder encoder) {
        List<String> notes = new ArrayList<>();
        if (train.textRows() > 0 && encoder.hasTemplate()) {
            notes.add("plain text is trained without the model's chat template; dataset_format: messages applies it");
        }
        if (train.boundaryMismatches() > 0) {
            notes.add("the end of some prompts is tokenised otherwise when a completion follows; that end is left out");
        }
        return notes;
    }

    private static void requireRows(Summary summary, String part, Counts counts) {
        if (counts.kept() == 0) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    summary.source(),
                    part + " must leave rows to use",
                    counts.rows() == 0 ? "no rows" : "none of " + counts.rows() + " rows: " + losses(summary, counts),
                    "at least one row",
                    counts.rows() == 0 ? "check the slice and the file" : "check the rows, max_length and dataset_format");
        }
    }

    private static String losses(Summary summary, Counts counts) {
        String losses = String.join(", ", Summary.losses(counts));
        return summary.bad().isEmpty() ? losses : losses + "; the first, " + summary.bad().getFirst();
    }
}
