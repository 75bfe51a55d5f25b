package io.github.jalign.ops.reference;

import static io.github.jalign.ops.reference.At.get;
import static io.github.jalign.ops.reference.At.id;
import static io.github.jalign.ops.reference.At.set;

import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.tensor.Tensor;

/** What the head says of each row of logits. */
final class ReferenceHead {
    private ReferenceHead() {}

    static void forward(Tensor logits, Tensor targets, Tensor statistics) {
        int vocabulary = logits.cols();
        double[] row = new double[vocabulary];
        for (int c = 0; c < logits.rows(); c++) {
            double total = 0;
            int best = 0;
            for (int v = 0; v < vocabulary; v++) {
                row[v] = get(logits, c, v);
                total += row[v];
                if (row[v] > row[best]) {
                    best = v;
                }
            }
            double lse = ReferenceAttention.logSumExp(row);
            double entropy = 0;
            double sumP2 = 0;
            for (double logit : row) {
                double logp = logit - lse;
                double p = Math.exp(logp);
                entropy -= p == 0 ? 0 : p * logp;
                sumP2 += p * p;
            }
            int target = id(targets, c);
            set(statistics, c, HeadStatistics.LOGP, row[target] - lse);
            set(statistics, c, HeadStatistics.ENTROPY, entropy);
            set(statistics, c, HeadStatistics.MEAN_LOGIT, total / vocabulary);
            set(statistics, c, HeadStatistics.TOP1, best == target ? 1 : 0);
            set(statistics, c, HeadStatistics.LOG_SUM_P2, Math.log(sumP2));
            set(statistics, c, HeadStatistics.LOG_SUM_EXP, lse);
        }
    }

    static void backward(Tensor logits, Tensor targets, Tensor statistics, Tensor g) {
        for (int c = 0; c < logits.rows(); c++) {
            double lse = get(statistics, c, HeadStatistics.LOG_SUM_EXP);
            double scale = get(g, 0, c);
            int target = id(targets, c);
            for (int v = 0; v < logits.cols(); v++) {
                double p = Math.exp(get(logits, c, v) - lse);
                set(logits, c, v, scale * ((v == target ? 1 : 0) - p));
            }
        }
    }
}
