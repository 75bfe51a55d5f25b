package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.data.RowId;
import io.github.jalign.generate.PairScore;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ScoreReportTest {
    private static final String NOTE =
            """

            note: only the answers' tokens count here, each by its own log-prob. The score of the DPO notebook is another
                  number: it averages log_softmax over the whole vocabulary and over the prompt's positions as well,
                  which says how peaked the model's guesses are and not how likely the answers.
            """;

    private static PairScore pair(PairScore.Side chosen, PairScore.Side rejected) {
        return new PairScore(0, new RowId("f", 1), 5, chosen, rejected);
    }

    private static String report(boolean reference, PairScore... scores) {
        StringWriter out = new StringWriter();
        new ScoreReport(new PrintWriter(out), reference).pairs(List.of(scores), 0.5);
        return out.toString();
    }

    @Test
    void withoutAReference() {
        assertEquals(
                """
                2 pairs                       model
                preference accuracy           0.500    the chosen answer is the likelier one
                  per token                   1.000    the same by the mean over an answer's tokens
                margin                       -3.500    mean of log p(chosen) - log p(rejected)
                logps/chosen                -25.500    mean of log p(chosen), summed over its tokens
                logps/rejected              -22.000
                per token, chosen           -1.1860    log p of a completion token
                per token, rejected         -1.8333

                                          pairs  accuracy    margin    chosen  rejected
                tokens of the longer                                  a token   a token
                      1 to 32                 1     1.000     +3.00    -1.000    -1.333
                     33 to 64                 1     0.000    -10.00    -1.235    -2.133
                which is longer
                  chosen                      1     0.000    -10.00    -1.235    -2.133
                  neither                     1     1.000     +3.00    -1.000    -1.333
                """
                        + NOTE,
                report(
                        false,
                        pair(new PairScore.Side(9, -9, null), new PairScore.Side(9, -12, null)),
                        pair(new PairScore.Side(34, -42, null), new PairScore.Side(15, -32, null))));
    }

    @Test
    void withAReference() {
        assertEquals(
                """
                1 pairs                       model  reference
                preference accuracy           1.000      0.000    the chosen answer is the likelier one
                  per token                   1.000      0.000    the same by the mean over an answer's tokens
                margin                       +3.000     -1.000    mean of log p(chosen) - log p(rejected)
                logps/chosen                 -9.000    -11.000    mean of log p(chosen), summed over its tokens
                logps/rejected              -12.000    -10.000
                per token, chosen           -1.0000    -1.2222    log p of a completion token
                per token, rejected         -1.3333    -1.1111

                implicit rewards           beta 0.5
                rewards/accuracies            1.000    the chosen answer has gained more
                rewards/margins             +2.0000    beta x (what chosen gained - what rejected gained)
                rewards/chosen              +1.0000
                rewards/rejected            -1.0000

                                          pairs  accuracy    margin    chosen  rejected   rewards
                tokens of the longer                                  a token   a token  accuracy
                      1 to 32                 1     1.000     +3.00    -1.000    -1.333     1.000
                which is longer
                  neither                     1     1.000     +3.00    -1.000    -1.333     1.000
                """
                        + NOTE,
                report(true, pair(new PairScore.Side(9, -9, -11.0), new PairScore.Side(9, -12, -10.0))));
    }
}
