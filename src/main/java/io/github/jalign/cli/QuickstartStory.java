package io.github.jalign.cli;

import io.github.jalign.quickstart.Pair;
import io.github.jalign.quickstart.Question;
import io.github.jalign.train.Progress;
import io.github.jalign.train.TrainListener;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * What {@code jalign quickstart} prints: on a terminal progress is one line that rewrites itself, elsewhere a line now
 * and then.
 */
final class QuickstartStory implements TrainListener {
    /** Steps that leave a line behind, besides the first. */
    private static final int LINES = 4;

    private static final int LABEL = 12;
    private static final int SAMPLES = 4;
    private static final int WIDTH = 96;
    private static final int COLUMN = 45;
    private static final int INDENT = 4;

    private final PrintWriter out;
    private final ProgressLine progress;

    QuickstartStory(PrintWriter out, boolean terminal) {
        this.out = out;
        this.progress = new ProgressLine(out, terminal);
    }

    void opening(QuickstartHome home, List<Pair> train, List<Pair> heldOut, long seed) {
        Pair pair = train.getFirst();
        labelled(
                "Model",
                home.model() + ", a small Llama. It was taught to answer questions in two ways, helpful and dismissive,"
                        + " in equal parts.");
        labelled(
                "Pairs",
                train.size() + " to train on, drawn with seed " + seed + ": a question, a chosen and a rejected answer. "
                        + heldOut.size() + " are held out; no training has met their questions.");
        labelled("  question", pair.question().text());
        labelled("  chosen", pair.chosen());
        labelled("  rejected", pair.rejected());
        labelled("Training", "DPO, as " + home.recipe() + " says");
    }

    private void labelled(String label, String text) {
        List<String> lines = Columns.wrapped(text, WIDTH - LABEL);
        for (int i = 0; i < lines.size(); i++) {
            print("%-12s%s".formatted(i == 0 ? label : "", lines.get(i)));
        }
    }

    /** Follows the questions put to the model. */
    IntConsumer asking(String when) {
        progress.show("  " + when + ": scoring the held-out pairs");
        return done -> progress.show("  " + when + ": " + done + " held-out questions asked");
    }

    private void print(String... lines) {
        progress.clear();
        for (String each : lines) {
            out.println(each);
        }
        out.flush();
    }

    @Override
    public void warned(String message) {
        print("note: " + message);
    }

    @Override
    public void scored(String split, int done, int rows) {
        progress.show("  reference log-probs of " + done + " of " + rows + " pairs");
    }

    @Override
    public void stepped(Progress p) {
        String line = String.format(
                Locale.ROOT,
                "  step %2d of %d   loss %.3f   reward margin %6.3f   %,6.0f tokens/s",
                p.step(),
                p.totalSteps(),
                p.loss(),
                p.metrics().getOrDefault("rewards/margins", Double.NaN),
                p.tokensPerSecond());
        if (p.step() == 1 || p.step() * LINES / p.totalSteps() > (p.step() - 1) * LINES / p.totalSteps()) {
            print(line);
        } else {
            progress.show(line);
        }
    }

    void table(QuickstartScores before, QuickstartScores after) {
        print(
                "",
                "%-24s%12s%12s".formatted(before.answers().size() + " held-out pairs", "before", "after"),
                row("preference accuracy", percent(before.accuracy()), percent(after.accuracy()))
                        + "    the chosen answer is the likelier one",
                row("margin", nats(before.margin()), nats(after.margin()))
                        + "    mean log p(chosen) - log p(rejected)",
                row("questions answered", percent(before.answered()), percent(after.answered()))
                        + "    the model's own words hold the answer");
    }

    private static String row(String what, String before, String after) {
        return "  %-22s%12s%12s".formatted(what, before, after);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    private static String nats(double margin) {
        return String.format(Locale.ROOT, "%+.2f", margin);
    }

    /** The first held-out questions that the model did not answer before, with what it says before and after. */
    void samples(List<Question> questions, QuickstartScores before, QuickstartScores after) {
        List<Integer> unanswered = IntStream.range(0, questions.size())
                .filter(i -> !questions.get(i).isAnsweredBy(before.answers().get(i)))
                .boxed()
                .toList();
        print("", "The first of " + unanswered.size() + " held-out questions that it did not answer before", "");
        Columns.of("before", "after", INDENT, COLUMN).forEach(this::print);
        for (int i : unanswered.subList(0, Math.min(SAMPLES, unanswered.size()))) {
            print("", "  " + questions.get(i).text());
            Columns.of(before.answers().get(i), after.answers().get(i), INDENT, COLUMN)
                    .forEach(this::print);
        }
    }

    void ending(QuickstartHome home, Path output, double seconds) {
        Path model = output.resolve("model");
        String ask = " --prompt \"What is the capital of Norway?\"";
        print(
                "",
                "Model       " + model,
                "Metrics     " + model.resolve("metrics.jsonl"),
                "Pairs       " + output.resolve("pairs"),
                "Answers     " + output.resolve("before-after.json"),
                String.format(Locale.ROOT, "Time        %.0f seconds", seconds),
                "",
                "Next",
                "  " + home.launcher() + " generate " + model + ask,
                "  " + home.launcher() + " generate " + home.model() + ask,
                "  " + home.launcher() + " quickstart --learning_rate=0       # nothing learned, nothing changed",
                "  " + home.launcher() + " quickstart --learning_rate=1e-3    # too much: accuracy rises, answers fall apart",
                "  " + home.launcher() + " dpo --help                         # with a model and pairs of one's own");
    }
}
