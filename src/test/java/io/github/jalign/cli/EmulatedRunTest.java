package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.cuda.Emulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs on a device that fails or is too small, as only the emulator can be. */
@Tag("emulator")
final class EmulatedRunTest {
    private static final String MODEL = "models/quickstart";

    @TempDir
    Path temporary;

    @AfterEach
    void usual() {
        Emulator.usual();
        Emulator.assertNothingLeft();
    }

    /** A launch fails in the third step: the second step's checkpoint is there, and the same command ends as if nothing had been. */
    @Test
    void aFailedRunKeepsItsLastCheckpoint() throws IOException {
        TinyRun run = new TinyRun(temporary);
        assertEquals(0, run.dpo("unbroken", "--device=cuda").exitCode());
        Emulator.configure("FAIL_LAUNCH", launches(run) * 5 / 6);
        Run failed = run.dpo("again", "--device=cuda");
        assertEquals(7, failed.exitCode(), failed.err());
        assertTrue(failed.err().contains("701 CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"), failed.err());
        assertTrue(Files.exists(run.output("again").resolve("checkpoint-2")));
        Run resumed = run.dpo("again", "--device=cuda");
        assertEquals(0, resumed.exitCode(), resumed.err());
        assertTrue(resumed.out().contains("resumed from checkpoint-2"), resumed.out());
        assertArrayEquals(run.weights("unbroken"), run.weights("again"));
    }

    /** What a whole run launches. */
    private static long launches(TinyRun run) {
        Emulator.forgetCounters();
        assertEquals(0, run.dpo("counted", "--device=cuda").exitCode());
        return Emulator.launches();
    }

    @Test
    void autoTakesTheCpuWhenTheDeviceIsTooSmall() throws IOException {
        Emulator.configure("MEMORY_MB", 40);
        Run small = new TinyRun(temporary).dpo("small", "--device=auto");
        assertEquals(0, small.exitCode(), small.err());
        String all = small.out() + small.err();
        assertTrue(
                all.contains("device auto: cpu; for cuda what the run needs must fit what the machine has: "), all);
        assertTrue(all.contains("device       cpu: float32"), all);
    }

    private static Run generate(String... more) {
        List<String> args = new ArrayList<>(List.of(
                "generate", MODEL, "--prompt=Which language is spoken in Brazil?", "--temperature=0"));
        args.addAll(List.of(more));
        return Run.of(args.toArray());
    }

    /** The tokens of an answer but the first two replay one recording. */
    @ParameterizedTest
    @ValueSource(strings = {"bfloat16", "float32"})
    void decodingReplaysAGraph(String dtype) {
        long before = Emulator.graphLaunches();
        Run run = generate("--device=cuda", "--dtype=" + dtype, "--max_new_tokens=6");
        assertEquals(0, run.exitCode(), run.err());
        // Of six tokens the first comes from the prompt's logits, the second from an ordinary step.
        assertEquals(4, Emulator.graphLaunches() - before);
    }

    /** A launch fails while a step is recorded: nothing of the recording, and nothing else, is left. */
    @Test
    void aRecordingThatFailsLeavesNothing() {
        Emulator.forgetCounters();
        assertEquals(0, generate("--device=cuda", "--max_new_tokens=2").exitCode());
        Emulator.configure("FAIL_LAUNCH", Emulator.launches() + 3);
        Run failed = generate("--device=cuda", "--max_new_tokens=4");
        assertEquals(7, failed.exitCode(), failed.err());
        assertTrue(failed.err().contains("701 CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"), failed.err());
    }

    @Test
    void aModelThatDoesNotFitIsRefusedBeforeItIsLoaded() {
        Emulator.configure("MEMORY_MB", 36);
        String finding = " planned, 0.04 GiB free";
        Run refused = generate("--device=cuda", "--max_new_tokens=4");
        assertEquals(4, refused.exitCode(), refused.err());
        assertEquals(
                """
                models/quickstart: weights, workspaces and a cache of 30 tokens must fit into device memory
                  found     0.04 GiB planned, 0.04 GiB free
                  expected  room for the plan
                  do        stop what else uses the card (nvidia-smi), ask for fewer tokens (--max_new_tokens), \
                or run with --device=cpu
                """,
                refused.err());
        Run auto = generate("--max_new_tokens=4");
        assertEquals(0, auto.exitCode(), auto.err());
        assertTrue(
                auto.err().startsWith("warning: device auto: cpu; for cuda weights, workspaces and a cache of 30 tokens"
                        + " must fit into device memory: 0.04 GiB" + finding),
                auto.err());
        assertEquals(generate("--device=cpu", "--max_new_tokens=4").out(), auto.out());
    }

    @Test
    void autoTakesTheCpuWhenTheDeviceDoesNotOpen() {
        Emulator.configure("PINNED_MB", 4);
        Run auto = generate("--max_new_tokens=4");
        assertEquals(0, auto.exitCode(), auto.err());
        assertTrue(
                auto.err().startsWith("warning: device auto: cpu; for cuda copies need pinned memory of the host: "),
                auto.err());
    }

    /** Whatever a command prints of a model in float32 is the same on either device. */
    @Test
    void theOtherCommandsRunOnTheDevice() throws IOException {
        Path pairs = Files.writeString(temporary.resolve("pairs.jsonl"), """
                {"prompt": "Which language is spoken in Brazil?", "chosen": "Portuguese.", "rejected": "No idea."}
                {"prompt": "Who wrote The Trial?", "chosen": "It was Franz Kafka.", "rejected": "Who cares?"}
                """);
        Path prompts = Files.writeString(temporary.resolve("prompts.jsonl"), """
                {"prompt": "Which language is spoken in Brazil?"}
                {"prompt": "Who wrote The Trial?"}
                """);
        for (List<String> command : List.of(
                List.of("generate", MODEL, "--prompts=" + prompts, "--temperature=0", "--max_new_tokens=8"),
                List.of("compare", MODEL, MODEL, "--prompts=" + prompts, "--temperature=0", "--max_new_tokens=8"),
                List.of("score", MODEL, pairs.toString()))) {
            List<String> printed = new ArrayList<>();
            for (String device : List.of("cpu", "cuda")) {
                List<String> args = new ArrayList<>(command);
                args.addAll(List.of("--device=" + device, "--dtype=float32"));
                Run run = Run.of(args.toArray());
                assertEquals(0, run.exitCode(), run.err());
                printed.add(run.out());
            }
            assertEquals(printed.get(0), printed.get(1), command.getFirst());
        }
    }
}
