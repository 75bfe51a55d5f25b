package io.github.jalign.ops.cpu;

import io.github.jalign.tensor.Tensor;

/**
 * Cuts an operator's work for the team: by rows, by columns, or, where rows are adjacent and no result looks across, by
 * stretches of one long row. Never by the number of threads, which would show in sums.
 */
record Cut(ThreadTeam team) {
    /** Floats in a task: some ten microseconds of work, many times what it costs to claim it. */
    private static final int TASK = 1 << 14;

    /** Does something to {@code n} elements from (row, column) on. */
    @FunctionalInterface
    interface Range {
        void run(long row, long column, int n);
    }

    /** Does something to all rows of the columns [column, column + n). */
    @FunctionalInterface
    interface Columns {
        void run(int column, int n);
    }

    /** All elements of tensors of one shape. */
    void elements(Range range, Tensor first, Tensor... others) {
        boolean flat = first.contiguous();
        for (Tensor other : others) {
            flat &= other.contiguous();
        }
        if (!flat) {
            rows(first.rows(), first.cols(), (t, member) -> range.run(t, 0, first.cols()));
            return;
        }
        team.forEach(tasks(first.elements()), (index, member) -> {
            long at = (long) index * TASK;
            range.run(0, at, (int) Math.min(TASK, first.elements() - at));
        });
    }

    private static int tasks(long elements) {
        return Math.toIntExact((elements + TASK - 1) / TASK);
    }

    /** The sum of what {@code piece} yields for each stretch of a tensor, in their order. */
    double sum(Tensor x, Piece piece) {
        double[] sums = new double[x.contiguous() ? tasks(x.elements()) : x.rows()];
        elements((row, column, n) -> sums[(int) (row + column / TASK)] = piece.of(row, column, n), x);
        double sum = 0;
        for (double part : sums) {
            sum += part;
        }
        return sum;
    }

    /** A number of {@code n} elements from (row, column) on. */
    @FunctionalInterface
    interface Piece {
        double of(long row, long column, int n);
    }

    /** Rows of {@code width} floats each. */
    void rows(int rows, int width, ThreadTeam.Task row) {
        int chunk = Math.max(1, TASK / Math.max(1, width));
        team.forEach((rows + chunk - 1) / chunk, (index, member) -> {
            for (int t = index * chunk; t < Math.min(rows, (index + 1) * chunk); t++) {
                row.run(t, member);
            }
        });
    }

    /** Columns in parts of four vectors. */
    void columns(int columns, Columns part) {
        int width = 4 * Lanes.COUNT;
        team.forEach((columns + width - 1) / width, (index, member) ->
                part.run(index * width, Math.min(width, columns - index * width)));
    }

    /** Columns in single vectors. */
    void vectors(int columns, Columns part) {
        columns(columns, (from, n) -> {
            for (int c = from; c < from + n; c += Lanes.COUNT) {
                part.run(c, Math.min(Lanes.COUNT, from + n - c));
            }
        });
    }
}
