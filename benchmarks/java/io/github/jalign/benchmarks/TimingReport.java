package io.github.jalign.benchmarks;

import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Lines of timings as tables: a table a group, a row each thing done, a column a peer; a ratio above 1 is jalign's lead. */
final class TimingReport {
    /** Dense bfloat16 of H100 and H200 SXM, operations a second. */
    private static final double HOPPER_PEAK = 989e12;

    private final List<Map<String, @Nullable Object>> headers = new ArrayList<>();
    /** By group, then by name, then by who did it. */
    private final Map<String, Map<String, Map<String, Timing>>> groups = new LinkedHashMap<>();

    private final List<String> complaints = new ArrayList<>();

    private TimingReport() {}

    static TimingReport of(List<Path> files) {
        TimingReport report = new TimingReport();
        for (Path file : files) {
            report.read(file);
        }
        if (report.headers.stream().map(h -> h.get("mode") + " " + h.get("shapes")).distinct().count() > 1) {
            report.complaints.add("these files are of different shapes or modes");
        }
        report.groups.values().forEach(rows -> rows.forEach((name, row) -> {
            if (!row.containsKey(Timing.JALIGN)) {
                report.complaints.add("jalign has no line for: " + name);
            }
            row.forEach((how, timing) -> {
                if (timing.wrong()) {
                    report.complaints.add("wrong result of " + how + ": " + name + ", error " + timing.error());
                }
            });
        }));
        return report;
    }

    private void read(Path file) {
        try {
            int number = 0;
            for (String line : Files.readAllLines(file)) {
                Map<String, @Nullable Object> json = Json.parseObject(file + ":" + ++number, line);
                if (json.containsKey("group")) {
                    Timing timing = Timing.fromJson(json);
                    groups.computeIfAbsent(timing.group(), g -> new LinkedHashMap<>())
                            .computeIfAbsent(timing.name(), n -> new LinkedHashMap<>())
                            .put(timing.how(), timing);
                } else {
                    headers.add(json);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether every result was right and every peer's line has one of jalign's beside it. */
    boolean complete() {
        return complaints.isEmpty();
    }

    String text() {
        StringBuilder text = new StringBuilder();
        headers.forEach(h -> text.append(Json.write(h)).append('\n'));
        groups.forEach((group, rows) -> table(group, rows, text));
        if (headers.stream().noneMatch(h -> "tiny".equals(h.get("mode")))) {
            text.append(TimingGoals.table(groups.values().stream()
                    .flatMap(rows -> rows.values().stream())
                    .toList()));
        }
        if (!complaints.isEmpty()) {
            text.append('\n');
            complaints.forEach(c -> text.append(c).append('\n'));
        }
        return text.toString();
    }

    private void table(String group, Map<String, Map<String, Timing>> rows, StringBuilder text) {
        Set<String> peers = new LinkedHashSet<>();
        rows.values().forEach(row -> peers.addAll(row.keySet()));
        peers.remove(Timing.JALIGN);
        text.append("\n## ").append(group).append("\n\n| shape | pass | jalign |");
        peers.forEach(p -> text.append(' ').append(p).append(" | ratio |"));
        text.append("\n|---|---|---|").append("---|---|".repeat(peers.size())).append('\n');
        for (Map<String, Timing> row : rows.values()) {
            Timing any = row.values().iterator().next();
            @Nullable Timing own = row.get(Timing.JALIGN);
            text.append("| ").append(any.shape()).append(" | ").append(any.pass()).append(" | ").append(cell(own, own)).append(" |");
            for (String peer : peers) {
                @Nullable Timing other = row.get(peer);
                text.append(' ').append(cell(other, own)).append(" | ").append(ratio(own, other)).append(" |");
            }
            text.append('\n');
        }
    }

    static boolean timed(@Nullable Timing timing) {
        return timing != null && timing.skipped() == null && !timing.wrong();
    }

    private static String ratio(@Nullable Timing own, @Nullable Timing other) {
        return timed(own) && timed(other)
                ? format("%.2f", Objects.requireNonNull(other).seconds() / Objects.requireNonNull(own).seconds())
                : "-";
    }

    private String cell(@Nullable Timing timing, @Nullable Timing own) {
        if (timing == null) {
            return "-";
        }
        if (timing.skipped() != null) {
            return "skipped: " + timing.skipped();
        }
        if (timing.wrong()) {
            return "WRONG";
        }
        Timing named = timing.work() > 0 || own == null ? timing : own;
        double rate = named.work() / timing.seconds();
        String cell = format("%.4g ms", timing.seconds() * 1e3);
        if (named.pairs() > 0) {
            cell += format(", %.4g pairs/s%s", named.pairs() / timing.seconds(), share(rate));
        } else {
            cell += switch (named.unit()) {
                case "flop" -> format(", %.4g TFLOP/s", rate / 1e12);
                case "byte" -> format(", %.4g GB/s", rate / 1e9);
                case "launch" -> format(", %.4g a second", rate);
                default -> "";
            };
        }
        return timing.memory() > 0 ? cell + format(", %.4g GB", timing.memory() / 1e9) : cell;
    }

    /** Useful model FLOPs' share of the peak, on cards whose peak is known. */
    private String share(double rate) {
        boolean hopper = headers.stream().map(h -> String.valueOf(h.get("device"))).anyMatch(d -> d.matches(".*H[12]00.*"));
        return hopper ? format(", MFU %.1f %%", 100 * rate / HOPPER_PEAK) : "";
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
