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
import java.util.Objects;
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

    /** KiB of shared memory that a block may ask for (CUDA C++ Programming Guide, technical specifications). */
    private static final Map<String, Integer> BLOCK_KIB =
            Map.of("sm_80", 163, "sm_86", 99, "sm_89", 99, "sm_90a", 227);

    /** What columns of registers in the READMEs mean, as the ends of functions' names. */
    private static final Map<String, String> REGISTER_COLUMNS = Map.of(
            "64", "_bf16_64", "96", "_bf16_96", "128", "_bf16_128", "float32", "_f32", "bf16 registers", "_bf16",
            "float32 registers", "_f32");

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

    /** What is asked for at launch and what the compiler laid out: one byte more than the limit and a launch fails. */
    @ParameterizedTest
    @CsvSource({"F32, 64", "BF16, 64", "BF16, 96", "BF16, 128"})
    void attentionFitsTheSharedMemoryOfABlock(DType dtype, int width) throws IOException {
        for (String target : TARGETS) {
            for (Products products : target.equals("sm_90a") ? Products.values() : new Products[] {Products.MMA}) {
                AttentionTiles tiles = AttentionTiles.of(dtype, width, products);
                for (Instance instance : List.of(tiles.forward(), tiles.dkv(), tiles.dq())) {
                    int bytes = instance.sharedBytes() + compiled(instance.name(), target).shared();
                    int most = Objects.requireNonNull(BLOCK_KIB.get(target)) << 10;
                    assertTrue(bytes <= most, instance + ": " + bytes + " of " + most + " bytes on " + target);
                }
            }
        }
    }

    /** Tables of registers, one function a cell: the number that a cell begins with is that of sm_90a. */
    @ParameterizedTest
    @CsvSource({"attention, 18", "rmsnorm, 8"})
    void readmesStateTheRegisters(String folder, int cells) throws IOException {
        Map<String, Integer> stated = new TreeMap<>();
        List<String> header = List.of();
        for (String line : Files.readAllLines(Path.of("kernels", folder, "README.md"))) {
            List<String> row = Stream.of(line.split("\\|", -1)).map(cell -> cell.replace("`", "").strip()).toList();
            header = row.size() == 1 ? List.of() : header.isEmpty() ? row : header;
            for (int i = 2; i < Math.min(row.size(), header.size()); i++) {
                String end = REGISTER_COLUMNS.get(header.get(i));
                if (end != null && !row.get(1).isEmpty() && row.get(i).matches("\\d.*")) {
                    String name = row.get(1).replace(", wgmma", "_wgmma") + end;
                    stated.put(name, Integer.parseInt(row.get(i).split("\\D", 2)[0]));
                }
            }
        }
        assertEquals(cells, stated.size(), stated::toString);
        Map<String, Integer> found = new TreeMap<>();
        for (String name : stated.keySet()) {
            found.put(name, compiled(name, "sm_90a").registers());
        }
        assertEquals(found, stated);
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
