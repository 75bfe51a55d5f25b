package io.github.jalign.cli;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Counts;
import io.github.jalign.data.Dataset;
import io.github.jalign.data.Item;
import io.github.jalign.data.Task;
import io.github.jalign.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the training rows of a data set are like once they are read. */
final class DataReport {
    /** Columns of a row's text beside the label and the mark. */
    private static final int TEXT = 65;
    /** Lines of a part of a row; more are cut in the middle. */
    private static final int MOST_LINES = 12;
    private static final int LAST_LINES = 3;

    private final Dataset dataset;
    private final Task task;
    private final @Nullable Tokenizer tokenizer;
    private final boolean ids;

    /**
     * @param tokenizer null when items hold characters, or ids that were made elsewhere
     * @param ids whether items hold ids
     */
    DataReport(Dataset dataset, Task task, @Nullable Tokenizer tokenizer, boolean ids) {
        this.dataset = dataset;
        this.task = task;
        this.tokenizer = tokenizer;
        this.ids = ids;
    }

    /**
     * All of it.
     *
     * @param maxLength where rows are cut; null for nowhere
     * @param most rows to show
     */
    void addTo(Report report, @Nullable Integer maxLength, int most) {
        addCounts(report);
        addSpecialTokens(report);
        report.blank();
        addLengths(report, maxLength);
        addRows(report, most);
    }

    /** Every way in which a row may be lost or changed, also those that did not happen. */
    private void addCounts(Report report) {
        Counts counts = dataset.summary().train();
        String pairs = counts.examples() == counts.rows() ? "" : Report.number(counts.examples()) + " pairs, ";
        report.put(
                "rows",
                Report.number(counts.rows()) + " read, " + pairs + Report.number(counts.kept()) + " kept");
        count(report, counts.bad(), "bad");
        if (task == Task.DPO) {
            count(report, counts.noPreference(), "dropped (no answer is preferred)");
        }
        if (ids) {
            count(report, counts.promptFills(), "dropped (the prompt fills max_length)");
        }
        count(
                report,
                counts.nothingTrained(),
                ids ? "dropped (no trained token left)" : "dropped (nothing to train)");
        if (ids) {
            count(report, counts.truncated(), "truncated at the end");
            count(report, counts.boundaryMismatches(), "with a token across the prompt's end");
        }
        if (task == Task.DPO) {
            if (ids) {
                count(report, counts.promptsTruncated(), "with a shortened prompt");
            }
            count(report, counts.identical(), "with chosen = rejected");
        }
        dataset.summary().bad().forEach(row -> report.add("bad row", row.toString()));
        dataset.summary().notes().forEach(note -> report.add("note", note));
    }

    private static void count(Report report, int count, String what) {
        report.put("", "%9s %s".formatted(Report.number(count), what));
    }

    private void addLengths(Report report, @Nullable Integer maxLength) {
        List<String> completions = task == Task.DPO ? List.of("chosen", "rejected") : List.of("completion");
        new LengthReport(dataset.lengths(), ids ? "tokens" : "characters").addTo(report, completions, maxLength);
    }

    /** How often sequences begin with BOS, and how often their trained part holds EOS. */
    private void addSpecialTokens(Report report) {
        if (tokenizer == null) {
            return;
        }
        Integer bos = tokenizer.bosId();
        Integer eos = tokenizer.eosId();
        int[] begins = new int[3];
        int[] holds = new int[3];
        for (Item item : dataset.train()) {
            for (Completion completion : item.completions()) {
                begins[Math.min(2, bos == null ? 0 : leading(item, completion, bos))]++;
                holds[Math.min(2, eos == null ? 0 : trained(completion, eos))]++;
            }
        }
        report.add("BOS", bos == null ? "the tokenizer has none" : often("at the start", bos, begins));
        report.add("EOS", eos == null ? "the tokenizer has none" : often("among trained tokens", eos, holds));
    }

    private String often(String where, int id, int[] times) {
        return "%s %s: once in %s, never in %s, more often in %s"
                .formatted(
                        tokenizer == null ? id : tokenizer.decode(new int[] {id}, false),
                        where,
                        Report.count(times[1], "sequence"),
                        Report.number(times[0]),
                        Report.number(times[2]));
    }

    private static int leading(Item item, Completion completion, int id) {
        int count = 0;
        int[] prompt = item.prompt();
        int length = prompt.length + completion.ids().length;
        while (count < length
                && id == (count < prompt.length ? prompt[count] : completion.ids()[count - prompt.length])) {
            count++;
        }
        return count;
    }

    private static int trained(Completion completion, int id) {
        int count = 0;
        for (int i = 0; i < completion.ids().length; i++) {
            count += completion.ids()[i] == id && completion.trained(i) ? 1 : 0;
        }
        return count;
    }

    /** The first rows as the model sees them. */
    private void addRows(Report report, int most) {
        List<Item> items = dataset.train().subList(0, Math.min(most, dataset.train().size()));
        if (items.isEmpty()) {
            return;
        }
        report.blank();
        report.put("examples", "the first" + (items.size() == 1 ? "" : " " + items.size()) + "; > is trained, | is not");
        for (Item item : items) {
            report.blank();
            report.put("row", item.row().toString());
            if (item.prompt().length > 0) {
                part(report, "prompt", item.prompt(), '|');
            }
            for (int c = 0; c < item.completions().size(); c++) {
                String name = task == Task.SFT ? "completion" : c == 0 ? "chosen" : "rejected";
                runs(report, name, item.completions().get(c));
            }
        }
    }

    private void runs(Report report, String name, Completion completion) {
        int[] all = completion.ids();
        String label = name;
        int start = 0;
        for (int i = 1; i <= all.length; i++) {
            if (i == all.length || completion.trained(i) != completion.trained(start)) {
                part(report, label, Arrays.copyOfRange(all, start, i), completion.trained(start) ? '>' : '|');
                label = "";
                start = i;
            }
        }
    }

    private void part(Report report, String name, int[] part, char mark) {
        List<String> lines = lines(text(part));
        String label = "  " + name;
        for (int i = 0; i < lines.size(); i++) {
            int left = lines.size() - LAST_LINES - i;
            if (lines.size() > MOST_LINES && i == MOST_LINES - LAST_LINES - 1) {
                report.put("", "  (" + Report.number(left) + " more lines)");
                i += left;
            }
            report.put(label, mark + " " + lines.get(i));
            label = "";
        }
    }

    private String text(int[] part) {
        if (tokenizer != null) {
            return tokenizer.decode(part, false);
        }
        return ids ? Arrays.toString(part) : new String(part, 0, part.length);
    }

    /** The text's lines, long ones broken; a line end that ends the text is written out, since it may be trained. */
    private static List<String> lines(String text) {
        String shown = text.endsWith("\n") ? text.substring(0, text.length() - 1) + "\\n" : text;
        List<String> lines = new ArrayList<>();
        for (String line : shown.split("\n", -1)) {
            int from = 0;
            do {
                int to = end(line, from);
                lines.add(line.substring(from, to));
                from = to;
            } while (from < line.length());
        }
        return lines;
    }

    /** Where a line is broken: after a space, if there is one in its second half. */
    private static int end(String line, int from) {
        int to = from + TEXT;
        if (to >= line.length()) {
            return line.length();
        }
        int space = line.lastIndexOf(' ', to - 1);
        if (space > from + TEXT / 2) {
            return space + 1;
        }
        return Character.isHighSurrogate(line.charAt(to - 1)) ? to - 1 : to;
    }
}
