// Losses of one preference pair and their derivatives by the two log-ratios, as the loss room defines them.
#pragma once

/// In the order of the kernel's argument `loss`, and of ops.PairTerms.Loss.
enum LossType { SIGMOID, SFT };

__device__ inline double sigmoid(double x) {
    double e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

__device__ inline double log_sigmoid(double x) { return fmin(x, 0.0) - log1p(exp(-fabs(x))); }

/// A loss and its derivatives by the log-ratios, and so by each log-prob, of the chosen and the rejected answer.
struct PairLoss {
    double value, chosen, rejected;
};

/// @param chosen, rejected log-ratios of the answers
/// @param logp of the chosen answer
__device__ inline PairLoss pair_loss_of(int type, double beta, double chosen, double rejected, double logp) {
    if (type == SFT) {
        return {-logp, -1, 0};
    }
    double margin = beta * (chosen - rejected), slope = -beta * sigmoid(-margin);
    return {-log_sigmoid(margin), slope, -slope};
}
