package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.cuda.AttentionTiles.Instance;
import io.github.jalign.ops.cuda.AttentionTiles.Products;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed fatbins are those of the committed sources, and what the compiler reported of them. */
final class FatbinTest {
    private static final Path RESOURCES = Path.of("src/main/resources/io/github/jalign/ops/cuda");
    private static final Set<String> TARGETS = Set.of("sm_80", "sm_86", "sm_89", "sm_90a");

    /** Of a thread. */
    private static final int MOST_REGISTERS = 255;

    private static final int MOST_STATIC_SHARED = 48 << 10;

    /** A line of resources.txt. */
    record Compiled(
            String folder, String name, String target, int registers, int spilled, int stack, int shared, int tensor) {
        static Compiled of(String line) {
            String[] f = line.split(" ");
            int[] n = Stream.of(f).skip(3).mapToInt(Integer::parseInt).toArray();
            return new Compiled(f[0], f[1], f[2], n[0], n[1], n[2], n[3], n[4]);
        }
    }

    private static List<Compiled> functions() throws IOException {
        return Files.readAllLines(RESOURCES.resolve("resources.txt")).stream()
                .filter(line -> !line.startsWith("#"))
                .map(Compiled::of)
                .toList();
    }

    @Test
    void isNotStale() throws IOException {
        Map<String, String> recorded = new TreeMap<>();
        for (String line : Files.readAllLines(RESOURCES.resolve("kernels.sha256"))) {
            recorded.put(line.substring(66), line.substring(0, 64));
        }
        Map<String, String> found = new TreeMap<>();
        found.put("native/build-fatbin", sha256(Path.of("native/build-fatbin")));
        for (Path folder : List.of(Path.of("kernels"), RESOURCES)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.filter(f -> f.toString().matches(".*\\.(cu|cuh|fatbin)")).toList()) {
                    found.put(file.toString(), sha256(file));
                }
            }
        }
        Set<String> differing = new TreeSet<>(found.keySet());
        differing.addAll(recorded.keySet());
        differing.removeIf(file -> recorded.getOrDefault(file, "").equals(found.get(file)));
        assertEquals(
                Set.of(), differing, "the fatbins are not those of these files: run native/build-fatbin and commit");
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    @Test
    void everyFunctionIsThereForEveryTarget() throws IOException {
        Map<String, Set<String>> targets = functions().stream()
                .collect(Collectors.groupingBy(
                        f -> f.folder() + " " + f.name(),
                        TreeMap::new,
                        Collectors.mapping(Compiled::target, Collectors.toSet())));
        targets.forEach((function, of) -> assertEquals(TARGETS, of, function));
        assertEquals(
                folders(), targets.keySet().stream().map(f -> f.split(" ")[0]).collect(Collectors.toSet()),
                "folders with a function");
    }

    private static Set<String> folders() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("kernels"))) {
            return files.map(Path::getFileName)
                    .map(Path::toString)
                    .filter(name -> name.endsWith(".cu"))
                    .map(name -> name.replace(".cu", ""))
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void nothingSpills() throws IOException {
        assertEquals(List.of(), functions().stream().filter(f -> f.spilled() != 0).toList());
    }

    @Test
    void resourcesAreWhatAMultiprocessorHas() throws IOException {
        assertEquals(
                List.of(),
                functions().stream()
                        .filter(f -> f.registers() > MOST_REGISTERS || f.shared() > MOST_STATIC_SHARED)
                        .toList());
    }

    /** The machine code of each fast width multiplies on tensor cores, forward and backward. */
    @ParameterizedTest
    @ValueSource(ints = {64, 96, 128})
    void attentionUsesTensorCores(int width) throws IOException {
        for (Instance instance : instances(width, Products.MMA)) {
            for (String target : TARGETS) {
                Compiled function = compiled(instance.name(), target);
                assertTrue(function.tensor() > 0, function::toString);
            }
        }
    }

    /**
     * wgmma is there for sm_90a, elsewhere its kernels are empty; as many blocks fit a multiprocessor as the README says,
     * by registers and by shared memory, of which a block takes 1 KiB more than it asks for.
     */
    @ParameterizedTest
    @CsvSource({"64, 2, 2, 4", "128, 1, 2, 2"})
    void wgmmaIsThereForOneTarget(int width, int forward, int dkv, int dq) throws IOException {
        List<Instance> instances = instances(width, Products.WGMMA);
        List<Integer> blocks = List.of(forward, dkv, dq);
        for (int i = 0; i < instances.size(); i++) {
            Instance instance = instances.get(i);
            for (String target : TARGETS) {
                Compiled function = compiled(instance.name(), target);
                assertEquals(target.equals("sm_90a"), function.tensor() > 0, function::toString);
            }
            int registers = compiled(instance.name(), "sm_90a").registers();
            int allocated = Math.ceilDiv(registers, 8) * 8 * instance.threads();
            assertEquals(
                    blocks.get(i),
                    Math.min((64 << 10) / allocated, (228 << 10) / (instance.sharedBytes() + 1024)),
                    instance + " with " + registers + " registers");
        }
    }

    private static List<Instance> instances(int width, Products products) {
        AttentionTiles tiles = AttentionTiles.of(DType.BF16, width, products);
        return List.of(tiles.forward(), tiles.dkv(), tiles.dq());
    }

    private static Compiled compiled(String name, String target) throws IOException {
        return functions().stream()
                .filter(f -> f.name().equals(name) && f.target().equals(target))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " for " + target));
    }
}
