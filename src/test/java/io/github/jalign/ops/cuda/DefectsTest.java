package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The emulator finds every planted defect of {@code native/emulator/defects}, and nothing in its repaired twin. */
@Tag("emulator")
@Tag("checked")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DefectsTest {
    private static final Path FOLDER = Path.of("native/emulator/defects");
    private static final List<Integer> SEEDS = List.of(1, 2, 3, 4);

    /** A kernel's comment: "// name: value" lines, then its template. */
    private static final Pattern KERNEL = Pattern.compile(
            "((?:^//[^\n]*\n)+)template <bool REPAIRED>\n__device__ void (\\w+)_body(.*?)^WITH_REPAIR\\(\\2\\)",
            Pattern.MULTILINE | Pattern.DOTALL);

    /**
     * @param reports what a checked run reports, one of these
     * @param fast what any other run reports; empty if it finds nothing
     * @param lines of the source that the report may name; empty if it need not name one
     */
    record Defect(
            Path file, String kernel, List<String> reports, List<String> fast, List<Integer> launch,
            List<Integer> lines) {
        List<String> expected() {
            return Emulator.checked() ? reports : fast;
        }

        boolean isNamedBy(String report) {
            return expected().stream().anyMatch(report::startsWith);
        }

        boolean isPlacedBy(String report) {
            return lines.isEmpty()
                    || report.startsWith("out-of-bounds write: bytes beside") // found when freed: nobody knows where
                    || lines.stream().anyMatch(line ->
                            report.endsWith(file.getFileName() + ":" + line) || report.contains("line " + line));
        }

        @Override
        public String toString() {
            return file.getFileName() + " " + kernel;
        }
    }

    private Driver driver;
    private Modules modules;
    private Launch launch;

    @BeforeAll
    void open() {
        driver = Driver.open();
        modules = new Modules(driver);
        launch = new Launch(driver);
    }

    @AfterAll
    void close() {
        Emulator.configure("SEED", 1);
        modules.close();
        driver.close();
    }

    static List<Defect> defects() throws IOException {
        List<Defect> defects = new ArrayList<>();
        try (Stream<Path> files = Files.list(FOLDER)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".cu")).sorted().toList()) {
                String source = Files.readString(file);
                Matcher matcher = KERNEL.matcher(source);
                while (matcher.find()) {
                    String comment = matcher.group(1);
                    defects.add(new Defect(
                            file,
                            matcher.group(2),
                            alternatives(comment, "reports"),
                            alternatives(comment, "fast"),
                            Arrays.stream(value(comment, "launch").split(", ")).map(Integer::valueOf).toList(),
                            marked(source, matcher.start(3), matcher.end(3))));
                }
            }
        }
        return defects;
    }

    private static String value(String comment, String key) {
        return comment.lines()
                .filter(line -> line.startsWith("// " + key + ": "))
                .map(line -> line.substring(key.length() + 5))
                .findFirst()
                .orElse("");
    }

    private static List<String> alternatives(String comment, String key) {
        String value = value(comment, key);
        return value.isEmpty() ? List.of() : List.of(value.split(" \\| "));
    }

    /** Numbers of the lines between two offsets that end in "here". */
    private static List<Integer> marked(String source, int start, int end) {
        List<String> lines = source.substring(0, end).lines().toList();
        int first = (int) source.substring(0, start).lines().count();
        return IntStream.rangeClosed(first, lines.size())
                .filter(n -> lines.get(n - 1).endsWith("// here"))
                .boxed()
                .toList();
    }

    @Test
    void thereAreEnough() throws IOException {
        assertTrue(defects().size() >= 14, () -> "planted defects that DefectsTest can read");
    }

    @ParameterizedTest
    @MethodSource("defects")
    void found(Defect defect) {
        assertAll(SEEDS.stream().map(seed -> () -> {
            List<String> reports = run(defect, defect.kernel(), seed);
            if (defect.expected().isEmpty()) {
                assertEquals(List.of(), reports, "this defect shows in checked mode only");
            } else {
                assertTrue(
                        reports.stream().anyMatch(r -> defect.isNamedBy(r) && defect.isPlacedBy(r)),
                        () -> "seed " + seed + ": expected " + defect.expected() + " at lines " + defect.lines()
                                + ", reported " + reports);
            }
        }));
    }

    @ParameterizedTest
    @MethodSource("defects")
    void repairedIsNotComplainedOf(Defect defect) {
        assertAll(SEEDS.stream().map(seed ->
                () -> assertEquals(List.of(), run(defect, defect.kernel() + "_repaired", seed), "seed " + seed)));
    }

    /** The reports of a run; a run with reports must have failed, or its memory's release. */
    private List<String> run(Defect defect, String kernel, int seed) {
        Emulator.reset();
        Emulator.configure("SEED", seed);
        int n = defect.launch().get(0) * defect.launch().get(1);
        Address.Allocated x = allocate(n);
        Address.Allocated y = allocate(n);
        MemorySegment values = MemorySegment.ofArray(new float[n]);
        for (int i = 0; i < n; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (i * 37 % 101) / 50f - 1);
        }
        Driver.check(
                JCudaDriver.cuMemcpyHtoD(x, jcuda.Pointer.to(values.toArray(ValueLayout.JAVA_FLOAT)), 4L * n),
                "cuMemcpyHtoD");
        String module = defect.file().getFileName().toString().replace(".cu", "");
        boolean failed = false;
        try {
            launch.with().address(x.address()).address(y.address()).size(n)
                    .run(modules.kernel(module, kernel), defect.launch().get(0), 1, 1,
                            defect.launch().get(1), defect.launch().get(2));
            driver.synchronize();
        } catch (JalignException e) {
            failed = true;
        }
        failed |= JCudaDriver.cuMemFree(x) != 0 | JCudaDriver.cuMemFree(y) != 0;
        List<String> reports = Emulator.reports();
        Emulator.reset();
        assertEquals(!reports.isEmpty(), failed, () -> "a reported defect fails the next call: " + reports);
        return reports;
    }

    private static Address.Allocated allocate(int floats) {
        Address.Allocated pointer = new Address.Allocated();
        Driver.check(JCudaDriver.cuMemAlloc(pointer, 4L * floats), "cuMemAlloc");
        return pointer;
    }
}
