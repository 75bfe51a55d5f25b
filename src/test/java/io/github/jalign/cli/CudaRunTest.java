package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.ops.cuda.Emulator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Whole runs on the CUDA backend through the command line. */
@Tag("emulator")
final class CudaRunTest {
    @TempDir
    Path temporary;

    @AfterEach
    void usual() {
        Emulator.reset();
        Emulator.configure("FAIL_LAUNCH", 0);
        Emulator.configure("MEMORY_MB", 8192);
        assertEquals(0, Emulator.live().deviceBytes());
    }

    private record Run(int exitCode, String out, String err) {}

    /** Pre-tokenised pairs of some twenty tokens. */
    private Path rows() {
        Random random = new Random(1);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 6; i++) {
            lines.append("{\"prompt_ids\": %s, \"chosen_ids\": %s, \"rejected_ids\": %s}%n"
                    .formatted(ids(random, 5 + i), ids(random, 3 + 2 * i), ids(random, 9)));
        }
        Path file = temporary.resolve("rows.jsonl");
        try {
            return Files.writeString(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Integer> ids(Random random, int count) {
        return random.ints(count, 3, 512).boxed().toList();
    }

    private Run dpo(Path output, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "dpo",
                "--model_name_or_path=" + Shared.data("stories260K-hf"),
                "--dataset_name=" + rows(),
                "--output_dir=" + output,
                "--reference_cache=" + temporary.resolve("cache"),
                "--per_device_train_batch_size=1",
                "--gradient_accumulation_steps=2",
                "--max_steps=3",
                "--learning_rate=1e-4",
                "--logging_steps=1",
                "--save_steps=1",
                "--resume_from_checkpoint=true"));
        args.addAll(List.of(more));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = Main.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        int exitCode = commandLine.execute(args.toArray(String[]::new));
        return new Run(exitCode, out.toString(), err.toString());
    }

    /** A launch fails in the third step: the second step's checkpoint is there, and the same command ends as if nothing had been. */
    @Test
    void aFailedRunKeepsItsLastCheckpoint() throws Exception {
        Path unbroken = temporary.resolve("unbroken");
        assertEquals(0, dpo(unbroken, "--device=cuda").exitCode());
        Path again = temporary.resolve("again");
        Emulator.configure("FAIL_LAUNCH", launches() * 5 / 6);
        Run failed = dpo(again, "--device=cuda");
        assertEquals(7, failed.exitCode(), failed.err());
        assertTrue(failed.err().contains("701 CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"), failed.err());
        assertTrue(Files.exists(again.resolve("checkpoint-1")));
        Run resumed = dpo(again, "--device=cuda");
        assertEquals(0, resumed.exitCode(), resumed.err());
        assertTrue(resumed.out().contains("resumed from checkpoint-"), resumed.out());
        assertArrayEquals(
                Files.readAllBytes(unbroken.resolve("model.safetensors")),
                Files.readAllBytes(again.resolve("model.safetensors")));
    }

    /** What a whole run launches. */
    private long launches() {
        Emulator.forgetCounters();
        assertEquals(0, dpo(temporary.resolve("counted"), "--device=cuda").exitCode());
        return Emulator.launches();
    }

    @Test
    void autoTakesTheCpuWhenTheDeviceIsTooSmall() {
        Emulator.configure("MEMORY_MB", 40);
        Run run = dpo(temporary.resolve("small"), "--device=auto");
        assertEquals(0, run.exitCode(), run.err());
        String all = run.out() + run.err();
        assertTrue(
                all.contains("device auto: cpu; for cuda what the run needs must fit what the machine has: "), all);
        assertTrue(all.contains("device       cpu: float32"), all);
    }
}
