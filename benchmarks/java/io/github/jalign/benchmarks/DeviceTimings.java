package io.github.jalign.benchmarks;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Times the CUDA backend, each time after a look at its result:
 *
 * <pre>
 * DeviceTimings --out=FILE.jsonl [--quick | --tiny] [--groups=LIST]
 * DeviceTimings --report FILE.jsonl …
 * </pre>
 *
 * {@code --quick} takes fewer shapes, {@code --tiny} those that the emulator can run; {@code --groups} names what to time,
 * by default all. A group that fails leaves its stack trace, and the next begins. {@code --report} prints what this program
 * and {@code benchmarks/gpu/peers.py} wrote as ratios. Exits with 1 when a group failed or a result was wrong, 2 for other
 * words.
 */
final class DeviceTimings {
    private DeviceTimings() {}

    public static void main(String[] words) {
        System.exit(run(List.of(words)));
    }

    private static int run(List<String> words) {
        if (!words.isEmpty() && words.getFirst().equals("--report") && words.size() > 1) {
            TimingReport report =
                    TimingReport.of(words.stream().skip(1).map(Path::of).toList());
            System.out.print(report.text());
            return report.complete() ? 0 : 1;
        }
        String mode = "full";
        Path out = null;
        Set<Group> groups = EnumSet.allOf(Group.class);
        for (String word : words) {
            if (word.startsWith("--out=")) {
                out = Path.of(word.substring("--out=".length()));
            } else if (word.equals("--quick") || word.equals("--tiny")) {
                mode = word.substring(2);
            } else if (word.startsWith("--groups=") && Group.all(word).isPresent()) {
                groups = Group.all(word).get();
            } else {
                out = null;
                break;
            }
        }
        if (out == null) {
            System.err.println("usage: DeviceTimings --out=FILE.jsonl [--quick | --tiny] [--groups=LIST of "
                    + Arrays.toString(Group.values()).toLowerCase(Locale.ROOT) + "], or --report FILE.jsonl ...");
            return 2;
        }
        return time(mode, groups, out);
    }

    /** What is timed together, in this order. */
    private enum Group {
        LAUNCHES,
        ROWS,
        ATTENTION,
        ADAMW,
        PRODUCTS,
        HEAD,
        STEPS;

        /** @return empty when a name is none of these */
        private static Optional<Set<Group>> all(String word) {
            Set<Group> groups = EnumSet.noneOf(Group.class);
            for (String name : word.substring("--groups=".length()).split(",")) {
                Optional<Group> group = Arrays.stream(values())
                        .filter(g -> g.name().toLowerCase(Locale.ROOT).equals(name))
                        .findFirst();
                if (group.isEmpty()) {
                    return Optional.empty();
                }
                groups.add(group.get());
            }
            return Optional.of(groups);
        }
    }

    private static int time(String mode, Set<Group> groups, Path out) {
        Shapes shapes = Shapes.of(mode);
        Normals normals = new Normals(1);
        boolean well = true;
        try (TimingLog log = new TimingLog(out, System.out, header(mode, shapes))) {
            for (Group group : groups) {
                try {
                    run(group, normals, shapes, log);
                } catch (RuntimeException e) {
                    well = false;
                    e.printStackTrace();
                }
            }
            return well && log.wrong() == 0 ? 0 : 1;
        }
    }

    private static void run(Group group, Normals normals, Shapes shapes, TimingLog log) {
        switch (group) {
            case LAUNCHES -> on(normals, shapes, log, device -> new LaunchTimings(device).run());
            case ROWS -> on(normals, shapes, log, device -> new RowTimings(device).run());
            case ATTENTION -> on(normals, shapes, log, device -> new AttentionTimings(device).run());
            case ADAMW -> on(normals, shapes, log, device -> new AdamWTimings(device).run());
            case PRODUCTS -> shapes.gemm()
                    .forEach(model -> on(normals, shapes, log, device -> new ProductTimings(device).run(model)));
            case HEAD -> shapes.headSizes()
                    .forEach(size -> shapes.headRows()
                            .forEach(rows -> on(
                                    normals, shapes, log,
                                    device -> new HeadTimings(device).run(size.get(0), size.get(1), rows))));
            case STEPS -> new StepTimings(normals, shapes, log).run();
        }
    }

    private static void on(Normals normals, Shapes shapes, TimingLog log, Consumer<Device> timings) {
        try (Device device = Device.open(normals, shapes, log)) {
            timings.accept(device);
        }
    }

    private static Map<String, @Nullable Object> header(String mode, Shapes shapes) {
        Map<String, @Nullable Object> header = new LinkedHashMap<>();
        header.put("program", Timing.JALIGN);
        header.put("mode", mode);
        header.put("date", OffsetDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS).toString());
        try (Ops ops = Backend.CUDA.open(0)) {
            header.put("device", ops.description());
        }
        header.put("machine", System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + Runtime.getRuntime().availableProcessors() + " processors");
        header.put("java", System.getProperty("java.vm.version"));
        header.put("shapes", shapes.sha256());
        return header;
    }
}
