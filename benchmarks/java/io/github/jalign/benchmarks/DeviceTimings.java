package io.github.jalign.benchmarks;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Times the CUDA backend, each time after a look at its result:
 *
 * <pre>
 * DeviceTimings --out=FILE.jsonl [--quick | --tiny]
 * DeviceTimings --report FILE.jsonl …
 * </pre>
 *
 * {@code --quick} takes fewer shapes, {@code --tiny} those that the emulator can run; {@code --report} prints what this
 * program and {@code benchmarks/gpu/peers.py} wrote as ratios. Exits with 1 when a result was wrong, 2 for other words.
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
        for (String word : words) {
            if (word.startsWith("--out=")) {
                out = Path.of(word.substring("--out=".length()));
            } else if (word.equals("--quick") || word.equals("--tiny")) {
                mode = word.substring(2);
            } else {
                out = null;
                break;
            }
        }
        if (out == null) {
            System.err.println("usage: DeviceTimings --out=FILE.jsonl [--quick | --tiny], or --report FILE.jsonl ...");
            return 2;
        }
        return time(mode, out);
    }

    private static int time(String mode, Path out) {
        Shapes shapes = Shapes.of(mode);
        Normals normals = new Normals(1);
        try (TimingLog log = new TimingLog(out, System.out, header(mode, shapes))) {
            try (Device device = Device.open(normals, shapes, log)) {
                new LaunchTimings(device).run();
                new RowTimings(device).run();
                new AttentionTimings(device).run();
            }
            try (Device device = Device.open(normals, shapes, log)) {
                new AdamWTimings(device).run();
            }
            for (String model : shapes.gemm()) {
                try (Device device = Device.open(normals, shapes, log)) {
                    new ProductTimings(device).run(model);
                }
            }
            for (List<Integer> size : shapes.headSizes()) {
                for (int rows : shapes.headRows()) {
                    try (Device device = Device.open(normals, shapes, log)) {
                        new HeadTimings(device).run(size.get(0), size.get(1), rows);
                    }
                }
            }
            new StepTimings(normals, shapes, log).run();
            return log.wrong() == 0 ? 0 : 1;
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
