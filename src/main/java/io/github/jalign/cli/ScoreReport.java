package io.github.jalign.cli;

import io.github.jalign.generate.PairScore;
import io.github.jalign.generate.PairStatistics;
import io.github.jalign.generate.TextLoss;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The tables of {@code jalign score}. */
final class ScoreReport {
    /** Buckets end at powers of two from here on. */
    private static final int SHORTEST_BUCKET = 32;

    private final PrintWriter out;
    private final boolean reference;

    ScoreReport(PrintWriter out, boolean reference) {
        this.out = out;
        this.reference = reference;
    }

    void pairs(List<PairScore> scores, double beta) {
        PairStatistics all = PairStatistics.of(scores, beta);
        @Nullable PairStatistics ofReference = reference ? PairStatistics.of(byReference(scores), beta) : null;
        print(heading("%,d pairs".formatted(scores.size())));
        print(row("preference accuracy", "%.3f", all, ofReference, PairStatistics::accuracy)
                + "    the chosen answer is the likelier one");
        print(row("  per token", "%.3f", all, ofReference, PairStatistics::accuracyPerToken)
                + "    the same by the mean over an answer's tokens");
        print(row("margin", "%+.3f", all, ofReference, PairStatistics::margin)
                + "    mean of log p(chosen) - log p(rejected)");
        print(row("logps/chosen", "%.3f", all, ofReference, PairStatistics::chosenLogps)
                + "    mean of log p(chosen), summed over its tokens");
        print(row("logps/rejected", "%.3f", all, ofReference, PairStatistics::rejectedLogps));
        print(row("per token, chosen", "%.4f", all, ofReference, PairStatistics::chosenPerToken)
                + "    log p of a completion token");
        print(row("per token, rejected", "%.4f", all, ofReference, PairStatistics::rejectedPerToken));
        if (all.rewards() != null) {
            rewards(all.rewards(), beta);
        }
        print("");
        buckets(scores, beta);
        print("");
        print("note: only the answers' tokens count here, each by its own log-prob. The score of the DPO notebook is another");
        print("      number: it averages log_softmax over the whole vocabulary and over the prompt's positions as well,");
        print("      which says how peaked the model's guesses are and not how likely the answers.");
        out.flush();
    }

    /** The reference's log-probs as if they were the model's. */
    private static List<PairScore> byReference(List<PairScore> scores) {
        return scores.stream()
                .map(s -> new PairScore(s.index(), s.row(), s.promptTokens(), reference(s.chosen()), reference(s.rejected())))
                .toList();
    }

    private static PairScore.Side reference(PairScore.Side side) {
        return new PairScore.Side(side.tokens(), Objects.requireNonNull(side.refLogps()), null);
    }

    private void rewards(PairStatistics.Rewards rewards, double beta) {
        print("");
        print("%-24s%11s".formatted("implicit rewards", "beta " + beta));
        print(number("rewards/accuracies", "%.3f", rewards.accuracy()) + "    the chosen answer has gained more");
        print(number("rewards/margins", "%+.4f", rewards.margin()) + "    beta x (what chosen gained - what rejected gained)");
        print(number("rewards/chosen", "%+.4f", rewards.chosen()));
        print(number("rewards/rejected", "%+.4f", rewards.rejected()));
    }

    private void buckets(List<PairScore> scores, double beta) {
        print("%-24s%7s%10s%10s%10s%10s%s"
                .formatted("", "pairs", "accuracy", "margin", "chosen", "rejected", reference ? "   rewards" : ""));
        print("%-24s%7s%10s%10s%10s%10s%s"
                .formatted("tokens of the longer", "", "", "", "a token", "a token", reference ? "  accuracy" : ""));
        int longest = scores.stream().mapToInt(PairScore::longest).max().orElse(0);
        for (int from = 1, to = SHORTEST_BUCKET; from <= longest; from = to + 1, to *= 2) {
            int least = from;
            int most = to;
            bucket(
                    "%,7d to %,d".formatted(least, most),
                    scores,
                    beta,
                    s -> s.longest() >= least && s.longest() <= most);
        }
        print("which is longer");
        bucket("  chosen", scores, beta, s -> s.chosen().tokens() > s.rejected().tokens());
        bucket("  rejected", scores, beta, s -> s.chosen().tokens() < s.rejected().tokens());
        bucket("  neither", scores, beta, s -> s.chosen().tokens() == s.rejected().tokens());
    }

    private void bucket(String name, List<PairScore> scores, double beta, Predicate<PairScore> belongs) {
        List<PairScore> bucket = new ArrayList<>(scores);
        bucket.removeIf(belongs.negate());
        if (bucket.isEmpty()) {
            return;
        }
        PairStatistics s = PairStatistics.of(bucket, beta);
        print(String.format(
                        Locale.ROOT,
                        "%-24s%,7d%10.3f%+10.2f%10.3f%10.3f",
                        name,
                        s.pairs(),
                        s.accuracy(),
                        s.margin(),
                        s.chosenPerToken(),
                        s.rejectedPerToken())
                + (s.rewards() == null ? "" : String.format(Locale.ROOT, "%10.3f", s.rewards().accuracy())));
    }

    /**
     * @param bytes of the text
     * @param window tokens that are looked at together
     */
    void text(Path file, long bytes, int window, TextLoss loss, @Nullable TextLoss ofReference) {
        print(heading("%s".formatted(file.getFileName())));
        print(row("loss per token", "%.4f", loss, ofReference, TextLoss::perToken)
                + "    mean of -log p over %,d tokens, windows of %,d".formatted(loss.logps().length, window));
        print(row("perplexity", "%.3f", loss, ofReference, TextLoss::perplexity) + "    its exponential");
        print(row("bits per byte", "%.4f", loss, ofReference, l -> l.bitsPerByte(bytes))
                + "    of %,d bytes; comparable between tokenizers".formatted(bytes));
        out.flush();
    }

    private String heading(String what) {
        return "%-24s%11s%s".formatted(what, "model", reference ? "%11s".formatted("reference") : "");
    }

    private static <T> String row(
            String what, String format, T ofModel, @Nullable T ofReference, ToDoubleFunction<T> value) {
        String second = ofReference == null ? "" : right(format, value.applyAsDouble(ofReference));
        return "%-24s".formatted(what) + right(format, value.applyAsDouble(ofModel)) + second;
    }

    private static String number(String what, String format, double value) {
        return "%-24s".formatted(what) + right(format, value);
    }

    private static String right(String format, double value) {
        return "%11s".formatted(String.format(Locale.ROOT, format, value));
    }

    private void print(String line) {
        out.println(line.stripTrailing());
    }
}
