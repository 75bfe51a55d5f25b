// What stands between the logits and the model's gradient, or the next token.
#include "log_softmax.cuh"
#include "pair_loss.cuh"
#include "sample.cuh"
