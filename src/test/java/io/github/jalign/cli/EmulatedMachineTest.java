package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.jalign.ops.cuda.Emulator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes of their own: what a machine's library folder holds, and kernels that take the context with them. */
@Tag("emulator")
final class EmulatedMachineTest {
    private static final Path MODEL = Path.of("models/quickstart").toAbsolutePath();

    @TempDir
    Path temporary;

    private Run answer(String libraries, Map<String, String> environment) throws IOException {
        Path folder = Files.createDirectory(temporary.resolve("lib"));
        for (String library : libraries.isEmpty() ? List.<String>of() : List.of(libraries.split(" "))) {
            Files.createSymbolicLink(folder.resolve(library), Emulator.folder().resolve(library));
        }
        return process(
                folder, environment, "generate", MODEL.toString(), "--prompt=Which language is spoken in Brazil?",
                "--max_new_tokens=2", "--device=cuda");
    }

    private Run process(Path libraries, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp", System.getProperty("java.class.path"), "io.github.jalign.cli.Main"));
        command.addAll(List.of(arguments));
        Path err = temporary.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().put("LD_LIBRARY_PATH", libraries.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String messages = Files.readString(err)
                .replace("WARNING: Using incubator modules: jdk.incubator.vector\n", "");
        return new Run(process.onExit().join().exitValue(), out, messages);
    }

    @Test
    void noDriver() throws IOException {
        assumeFalse(Emulator.systemHasDriver(), "this machine has a driver of its own");
        assertEquals(
                new Run(
                        7,
                        "",
                        """
                        device cuda: the NVIDIA driver must be installed
                          found     libcuda.so.1 cannot be loaded
                          expected  NVIDIA driver R580 or newer
                          do        install the driver, or run with --device=cpu
                        """),
                answer("", Map.of()));
    }

    @Test
    void noCublas() throws IOException {
        assertEquals(
                new Run(
                        7,
                        "",
                        """
                        device cuda: matrix products need cuBLAS
                          found     none of libcublas.so.13, libcublas.so.12 can be loaded
                          expected  cuBLAS of CUDA 13 or 12
                          do        install it and put its folder on LD_LIBRARY_PATH, or run with --device=cpu
                        """),
                answer("libcuda.so.1", Map.of()));
    }

    @Test
    void cublasOf12IsEnoughForEitherBinding() throws IOException {
        Run byHand = answer("libcuda.so.1 libcublas.so.12", Map.of());
        assertEquals(0, byHand.exitCode(), byHand.err());
        Run byJcublas = process(
                temporary.resolve("lib"), Map.of("JALIGN_CUBLAS", "jcublas"), "generate", MODEL.toString(),
                "--prompt=Which language is spoken in Brazil?", "--max_new_tokens=2", "--device=cuda");
        assertEquals(byHand, byJcublas);
        Run doctor = process(temporary.resolve("lib"), Map.of("JALIGN_CUBLAS", "jcublas"), "doctor");
        assertTrue(doctor.out().contains("(JCublas2)"), doctor.out());
    }

    @Test
    void jcublasNeedsCublasOf12() throws IOException {
        assertEquals(
                new Run(
                        7,
                        "",
                        """
                        device cuda: matrix products need cuBLAS
                          found     none of libcublas.so.12 can be loaded
                          expected  cuBLAS of CUDA 12
                          do        install it and put its folder on LD_LIBRARY_PATH, or run with --device=cpu
                        """),
                answer("libcuda.so.1 libcublas.so.13", Map.of("JALIGN_CUBLAS", "jcublas")));
    }

    /** An illegal access in the third step makes every later call fail; what was saved stays, and a new process goes on. */
    @Test
    void aKernelThatTakesTheContextWithItLeavesTheCheckpoints() throws IOException {
        TinyRun run = new TinyRun(temporary);
        Path libraries = Emulator.folder();
        String[] dpo = run.arguments("out", "--device=cuda");
        Emulator.forgetCounters();
        assertEquals(0, run.dpo("counted", "--device=cuda").exitCode());
        String launch = String.valueOf(Emulator.launches() * 5 / 6);
        Run failed = process(libraries, Map.of("CUEMU_FAIL_LAUNCH", launch, "CUEMU_FAIL_CODE", "700"), dpo);
        assertEquals(7, failed.exitCode(), failed.err());
        assertTrue(failed.err().contains("700 CUDA_ERROR_ILLEGAL_ADDRESS"), failed.err());
        assertTrue(Files.exists(run.output("out").resolve("checkpoint-2")));
        Run resumed = process(libraries, Map.of(), dpo);
        assertEquals(0, resumed.exitCode(), resumed.err());
        assertTrue(resumed.out().contains("resumed from checkpoint-2"), resumed.out());
    }
}
