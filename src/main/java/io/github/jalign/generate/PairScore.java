package io.github.jalign.generate;

import io.github.jalign.data.Item;
import io.github.jalign.data.RowId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model, and perhaps a reference, makes of one preference pair.
 *
 * @param index among the scored pairs
 * @param row where it came from
 * @param promptTokens tokens before the answers
 * @param chosen the preferred answer
 * @param rejected the other
 */
public record PairScore(int index, RowId row, int promptTokens, Side chosen, Side rejected) {
    /**
     * One answer.
     *
     * @param tokens that have a log-prob
     * @param logps log-prob of the answer: the sum over its tokens, in nats
     * @param refLogps the same of the reference; null without one
     */
    public record Side(int tokens, double logps, @Nullable Double refLogps) {
        double perToken() {
            return logps / tokens;
        }

        /** log p − log p of the reference. */
        double ratio() {
            return refLogps == null ? 0 : logps - refLogps;
        }
    }

    /** log p(chosen) − log p(rejected). */
    public double margin() {
        return chosen.logps() - rejected.logps();
    }

    /** Tokens of the longer answer. */
    public int longest() {
        return Math.max(chosen.tokens(), rejected.tokens());
    }

    /**
     * @param items preference pairs
     * @param logps [item][completion][token], see {@link Generator#tokenLogps}
     * @param refLogps the reference's; null without one
     */
    public static List<PairScore> of(List<Item> items, double[][][] logps, double @Nullable [][][] refLogps) {
        List<PairScore> scores = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            scores.add(new PairScore(
                    i,
                    item.row(),
                    item.prompt().length,
                    side(logps[i][0], refLogps == null ? null : refLogps[i][0]),
                    side(logps[i][1], refLogps == null ? null : refLogps[i][1])));
        }
        return scores;
    }

    private static Side side(double[] logps, double @Nullable [] refLogps) {
        return new Side(logps.length, Generator.sum(logps), refLogps == null ? null : Generator.sum(refLogps));
    }
}
