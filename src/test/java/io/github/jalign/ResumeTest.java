package io.github.jalign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.quickstart.Pair;
import io.github.jalign.train.TrainListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which checkpoints a resumed run goes on from, keeps and removes. A run of four steps, with a checkpoint after each. */
class ResumeTest {
    @TempDir
    Path folder;

    private final List<String> said = new ArrayList<>();
    private Map<String, Object> keys = Map.of();
    private byte[] weights = {};
    private byte[] metrics = {};

    private Path file(String name) {
        return folder.resolve("out").resolve(name);
    }

    @BeforeEach
    void train() throws IOException {
        Files.write(
                folder.resolve("pairs.jsonl"),
                Pair.draw(8, false, 1).stream().map(pair -> Json.write(pair.row())).toList());
        keys = new LinkedHashMap<>();
        keys.putAll(Map.of(
                "model_name_or_path", "models/quickstart",
                "dataset_name", folder.resolve("pairs.jsonl"),
                "output_dir", folder.resolve("out"),
                "reference_cache", folder.resolve("reference"),
                "per_device_train_batch_size", 2,
                "learning_rate", 3e-4,
                "logging_steps", 1,
                "save_steps", 1,
                "num_train_epochs", 1,
                "device", "cpu"));
        run();
        weights = Files.readAllBytes(file("model.safetensors"));
        metrics = Files.readAllBytes(file("metrics.jsonl"));
    }

    private void run() {
        said.clear();
        Trainer.dpo(keys).train(new TrainListener() {
            @Override
            public void said(String message) {
                said.add(message);
            }

            @Override
            public void warned(String message) {
                said.add("warning: " + message);
            }
        });
    }

    private List<String> checkpoints() throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve("out"))) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith("checkpoint-"))
                    .sorted()
                    .toList();
        }
    }

    private void damage(String checkpoint) throws IOException {
        Files.writeString(file(checkpoint + "/model.safetensors"), "more", StandardOpenOption.APPEND);
    }

    private void assertSameResult() throws IOException {
        assertEquals(-1, Files.mismatch(Files.write(folder.resolve("before"), weights), file("model.safetensors")));
        assertEquals(lines(new String(metrics)), lines(Files.readString(file("metrics.jsonl"))));
    }

    /** Without the last line, which has times. */
    private static List<String> lines(String text) {
        List<String> lines = text.lines().toList();
        return lines.subList(0, lines.size() - 1);
    }

    @Test
    void fromAnOlderCheckpointTheLaterOnesAreMadeAgain() throws IOException {
        keys.put("resume_from_checkpoint", file("checkpoint-2"));
        run();
        assertEquals(
                List.of(
                        "reference log-probs (train): 0 forwards, 8 rows from the cache",
                        "resumed from checkpoint-2, 2 steps done",
                        "removed checkpoint-3, checkpoint-4: made after the step that the run goes on from"),
                said);
        assertEquals(List.of("checkpoint-1", "checkpoint-2", "checkpoint-3", "checkpoint-4"), checkpoints());
        assertSameResult();
    }

    @Test
    void aDamagedOneIsSkippedAndDoesNotOutliveTheGoodOnes() throws IOException {
        damage("checkpoint-4");
        keys.put("resume_from_checkpoint", true);
        keys.put("save_total_limit", 1);
        run();
        long size = Files.size(file("model.safetensors"));
        assertEquals(
                "warning: checkpoint checkpoint-4 is skipped: model.safetensors: %d bytes instead of %d"
                        .formatted(size + 4, size),
                said.getFirst());
        assertEquals(List.of("checkpoint-4"), checkpoints());
        assertSameResult();
    }

    @Test
    void whereAllAreDamagedNothingIsRemoved() throws IOException {
        for (String checkpoint : checkpoints()) {
            damage(checkpoint);
        }
        keys.put("resume_from_checkpoint", true);
        long size = Files.size(file("model.safetensors"));
        assertEquals(
                """
                resume_from_checkpoint: %s: one of the checkpoints must be complete
                  found     checkpoint-1: model.safetensors: %d bytes instead of %d
                  expected  every file as manifest.json lists it
                  do        restore one of them, or start anew without resume_from_checkpoint, which removes them"""
                        .formatted(folder.resolve("out"), size + 4, size),
                assertThrows(JalignException.class, this::run).getMessage());
        assertEquals(List.of("checkpoint-1", "checkpoint-2", "checkpoint-3", "checkpoint-4"), checkpoints());
    }

    @Test
    void anotherReferenceIsRefused() {
        keys.put("resume_from_checkpoint", true);
        keys.put("ref_model_name_or_path", file("checkpoint-1"));
        assertEquals(
                """
                resume_from_checkpoint: %s: a run goes on with what it began with; reference is different
                  found     %s
                  expected  the model as it is now
                  do        restore the setting or data, or start anew in another output_dir"""
                        .formatted(file("checkpoint-4"), file("checkpoint-1")),
                assertThrows(JalignException.class, this::run).getMessage());
    }
}
