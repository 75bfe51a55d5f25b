// Losses of one preference pair and their derivatives by the two log-ratios, as TRL 1.16's dpo_trainer.py defines them.
#pragma once

/// In the order of the kernel's argument loss_type.
enum LossType {
    SIGMOID, HINGE, IPO, EXO_PAIR, NCA_PAIR, ROBUST, BCO_PAIR, SPPO_HARD, APO_ZERO, APO_DOWN, DISCOPOP, SFT, SIGMOID_NORM
};

/// In the order of the kernel's argument divergence.
enum DivergenceType { REVERSE_KL, FORWARD_KL, JS_DIVERGENCE, ALPHA_DIVERGENCE };

__device__ inline double sigmoid(double x) {
    double e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

__device__ inline double log_sigmoid(double x) { return fmin(x, 0.0) - log1p(exp(-fabs(x))); }

/// σ'(x).
__device__ inline double sigmoid_slope(double x) { return sigmoid(x) * sigmoid(-x); }

/// The f-divergence that stands for the KL of DPO (Wang et al. 2024).
struct Divergence {
    int type;
    double alpha;
};

/// A log-ratio's score f'(π/π_ref), and its derivative.
struct Score {
    double value, slope;
};

__device__ inline Score score(Divergence f, double ratio) {
    switch (f.type) {
        case FORWARD_KL: return {1 - exp(-ratio), exp(-ratio)};
        case JS_DIVERGENCE: return {log(2.0) + log_sigmoid(ratio), sigmoid(-ratio)};
        case ALPHA_DIVERGENCE: {
            double order = f.alpha - 1, exponent = order * ratio;
            if (fabs(order) < 1e-6) {
                return {ratio, 1};
            }
            return {(exp(fmin(exponent, 80.0)) - 1) / order, exponent <= 80 ? exp(exponent) : 0};
        }
        default: return {ratio, 1};
    }
}

/// A loss and its derivatives by the log-ratios, and so by each log-prob, of the chosen and the rejected answer.
struct PairLoss {
    double value, chosen, rejected;
};

/// A loss of the difference of scores, each over its length, by the derivative of that difference.
__device__ inline PairLoss of_difference(
        double value, double slope, Score chosen, Score rejected, double chosen_length = 1, double rejected_length = 1) {
    return {value, slope * chosen.slope / chosen_length, -slope * rejected.slope / rejected_length};
}

/// @param a, b log-ratios of the chosen and of the rejected answer
/// @param nw, nl their tokens, at least 1
/// @param logp of the chosen answer, for sft
__device__ inline PairLoss pair_loss_of(
        int type, Divergence f, double beta, double epsilon, double tau, double a, double b, double nw, double nl,
        double logp) {
    Score c = score(f, a), r = score(f, b);
    double z = beta * (c.value - r.value);
    switch (type) {
        case SIGMOID: return of_difference(-log_sigmoid(z), -beta * sigmoid(-z), c, r);
        case HINGE: return of_difference(fmax(1 - z, 0.0), z < 1 ? -beta : 0, c, r);
        case IPO: {
            double miss = c.value / nw - r.value / nl - 1 / (2 * beta);
            return of_difference(miss * miss, 2 * miss, c, r, nw, nl);
        }
        case EXO_PAIR: {
            double value = sigmoid(z) * (log_sigmoid(z) - log1p(-epsilon)) + sigmoid(-z) * (log_sigmoid(-z) - log(epsilon));
            return of_difference(value, beta * sigmoid_slope(z) * (z - log1p(-epsilon) + log(epsilon)), c, r);
        }
        case NCA_PAIR:
            return {-log_sigmoid(beta * a) - 0.5 * log_sigmoid(-beta * a) - 0.5 * log_sigmoid(-beta * b),
                    beta * (0.5 * sigmoid(beta * a) - sigmoid(-beta * a)), 0.5 * beta * sigmoid(beta * b)};
        case ROBUST: {
            double clean = 1 - 2 * epsilon;
            return of_difference(
                    (epsilon * log_sigmoid(-z) - (1 - epsilon) * log_sigmoid(z)) / clean,
                    -beta * ((1 - epsilon) * sigmoid(-z) + epsilon * sigmoid(z)) / clean, c, r);
        }
        case BCO_PAIR:
            return {-log_sigmoid(beta * a) - log_sigmoid(-beta * b), -beta * sigmoid(-beta * a),
                    beta * sigmoid(beta * b)};
        case SPPO_HARD: {
            double win = a - 0.5 / beta, lose = b + 0.5 / beta;
            return {win * win + lose * lose, 2 * win, 2 * lose};
        }
        case APO_ZERO:
            return {sigmoid(-beta * a) + sigmoid(beta * b), -beta * sigmoid_slope(beta * a),
                    beta * sigmoid_slope(beta * b)};
        case APO_DOWN: {
            double margin = beta * (a - b);
            return {sigmoid(beta * a) + sigmoid(-margin), beta * (sigmoid_slope(beta * a) - sigmoid_slope(margin)),
                    beta * sigmoid_slope(margin)};
        }
        case DISCOPOP: {
            double k = sigmoid(z / tau), bend = sigmoid_slope(z / tau) / tau;
            double slope = (exp(-z) + log_sigmoid(z)) * bend - exp(-z) * k - sigmoid(-z) * (1 - k);
            return of_difference(exp(-z) * k - log_sigmoid(z) * (1 - k), beta * slope, c, r);
        }
        case SFT: return {-logp, -1, 0};
        default: { // SIGMOID_NORM
            double even = beta * (c.value / nw - r.value / nl);
            return of_difference(-log_sigmoid(even), -beta * sigmoid(-even), c, r, nw, nl);
        }
    }
}
