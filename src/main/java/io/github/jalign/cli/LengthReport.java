package io.github.jalign.cli;

import io.github.jalign.data.Lengths;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** How long rows are: quantiles of their parts, and a histogram of the whole. */
final class LengthReport {
    private static final double[] QUANTILES = {0, 0.5, 0.9, 0.99, 1};
    /** Bars of the histogram, about. */
    private static final int BARS = 10;
    private static final int BAR_WIDTH = 36;

    private final List<Lengths> lengths;
    private final String unit;

    /** @param unit what lengths count: tokens or characters */
    LengthReport(List<Lengths> lengths, String unit) {
        this.lengths = lengths;
        this.unit = unit;
    }

    /**
     * @param completions what each completion of a row is called
     * @param maxLength where rows are cut; null for nowhere
     */
    void addTo(Report report, List<String> completions, @Nullable Integer maxLength) {
        if (lengths.isEmpty()) {
            return;
        }
        report.put("lengths", row(unit, List.of("min", "median", "90%", "99%", "max")));
        if (lengths.stream().anyMatch(l -> l.prompt() > 0)) {
            report.put("", quantiles("prompt", Lengths::prompt));
        }
        for (int c = 0; c < completions.size(); c++) {
            int completion = c;
            report.put("", quantiles(completions.get(c), l -> l.completions().get(completion)));
        }
        report.put("", quantiles("longest", Lengths::longest));
        report.blank();
        histogram(report, maxLength);
    }

    private String quantiles(String name, ToIntFunction<Lengths> part) {
        int[] sorted = sorted(part);
        return row(
                name,
                Arrays.stream(QUANTILES)
                        .mapToObj(q -> Report.number(quantile(sorted, q)))
                        .toList());
    }

    private static String row(String name, List<String> cells) {
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-12s", name));
        cells.forEach(cell -> row.append(String.format(Locale.ROOT, "%10s", cell)));
        return row.toString();
    }

    private int[] sorted(ToIntFunction<Lengths> part) {
        return lengths.stream().mapToInt(part).sorted().toArray();
    }

    /** The smallest length that at least a share q of the rows does not exceed. */
    private static int quantile(int[] sorted, double q) {
        return sorted[Math.max(0, (int) Math.ceil(q * sorted.length) - 1)];
    }

    /** Bars of one width up to the 99th percentile and one for what lies beyond. */
    private void histogram(Report report, @Nullable Integer maxLength) {
        int[] sorted = sorted(Lengths::longest);
        int most = sorted[sorted.length - 1];
        int width = width(quantile(sorted, 0.99));
        int whole = quantile(sorted, 0.99) / width + 1;
        boolean beyond = most >= whole * width;
        int[] counts = new int[whole + (beyond ? 1 : 0)];
        for (int length : sorted) {
            counts[Math.min(length / width, counts.length - 1)]++;
        }
        int highest = Arrays.stream(counts).max().orElseThrow();
        String label = "histogram";
        for (int bar = sorted[0] / width; bar < counts.length; bar++) {
            int from = bar * width;
            int to = bar == whole ? most : from + width - 1;
            report.put(label, bar(from, to, counts[bar], highest) + cut(from, to, maxLength));
            label = "";
        }
    }

    private static String bar(int from, int to, int count, int highest) {
        // Rows that are there leave a mark, however few.
        int length = count == 0 ? 0 : Math.max(1, (int) Math.round((double) BAR_WIDTH * count / highest));
        return String.format(
                Locale.ROOT, "%,8d -%,7d %-" + BAR_WIDTH + "s %,9d", from, to, "#".repeat(length), count);
    }

    private static String cut(int from, int to, @Nullable Integer maxLength) {
        return maxLength != null && from <= maxLength && maxLength <= to ? " cut" : "";
    }

    /** 1, 2 or 5 times a power of ten, such that about {@link #BARS} bars reach {@code length}. */
    private static int width(int length) {
        int power = 1;
        while (true) {
            for (int step : new int[] {1, 2, 5}) {
                if ((long) step * power * BARS >= length) {
                    return step * power;
                }
            }
            power *= 10;
        }
    }
}
