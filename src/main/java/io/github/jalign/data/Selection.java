package io.github.jalign.data;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which rows train and which evaluate. Rows are numbered through all splits that take part, in the order of
 * {@code files} and of the lines in each.
 *
 * @param source where the rows come from
 * @param files the files to read
 * @param train rows to train on, in their order
 * @param eval rows to evaluate on, in their order; null when none were asked for
 */
record Selection(DatasetFiles source, List<Path> files, int[] train, int @Nullable [] eval) {

    static Selection of(DataConfig config) {
        DatasetFiles files = DatasetFiles.find(config.datasetNames());
        SplitExpression train = SplitExpression.parse("dataset_train_split", config.trainSplit());
        String test = config.testSplit();
        SplitExpression eval = test == null ? null : SplitExpression.parse("dataset_test_split", test);

        Map<String, Range> ranges = new LinkedHashMap<>();
        List<SplitExpression> expressions = eval == null ? List.of(train) : List.of(train, eval);
        int rows = 0;
        for (SplitExpression expression : expressions) {
            for (SplitExpression.Slice slice : expression.slices()) {
                if (!ranges.containsKey(slice.split())) {
                    int count = files.split(slice.split()).stream().mapToInt(Selection::rows).sum();
                    ranges.put(slice.split(), new Range(rows, count));
                    rows += count;
                }
            }
        }
        int[] trainRows = rows(train, ranges);
        int[] evalRows = eval == null ? null : rows(eval, ranges);
        TestSize testSize = config.testSize();
        if (testSize != null && trainRows.length > 0) {
            int[] shuffled = take(trainRows, Order.numpyPermutation(trainRows.length, config.splitSeed()));
            int size = testSize.outOf(shuffled.length);
            evalRows = Arrays.copyOf(shuffled, size);
            trainRows = Arrays.copyOfRange(shuffled, size, shuffled.length);
        }
        return new Selection(
                files,
                ranges.keySet().stream().flatMap(split -> files.split(split).stream()).toList(),
                first(trainRows, config.maxTrainSamples()),
                evalRows == null ? null : first(evalRows, config.maxEvalSamples()));
    }

    /** All rows that are needed. */
    BitSet wanted() {
        BitSet wanted = new BitSet();
        IntStream.concat(Arrays.stream(train), eval == null ? IntStream.empty() : Arrays.stream(eval))
                .forEach(wanted::set);
        return wanted;
    }

    private record Range(int start, int rows) {}

    static int rows(Path file) {
        try (FileRows rows = new FileRows(file)) {
            int count = 0;
            while (rows.next() != null) {
                count++;
            }
            return count;
        }
    }

    private static int[] rows(SplitExpression expression, Map<String, Range> ranges) {
        return expression.slices().stream()
                .flatMapToInt(slice -> {
                    Range range = Objects.requireNonNull(ranges.get(slice.split()));
                    return IntStream.range(
                            range.start() + slice.first(range.rows()), range.start() + slice.end(range.rows()));
                })
                .toArray();
    }

    private static int[] take(int[] rows, int[] order) {
        return Arrays.stream(order).map(i -> rows[i]).toArray();
    }

    private static int[] first(int[] rows, @Nullable Integer most) {
        return most == null || rows.length <= most ? rows : Arrays.copyOf(rows, most);
    }
}
