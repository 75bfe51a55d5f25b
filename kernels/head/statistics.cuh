// Columns of ops.HeadStatistics.
#pragma once

enum { LOGP, ENTROPY, MEAN_LOGIT, TOP1, LOG_SUM_P2, LOG_SUM_EXP, COLUMNS };
