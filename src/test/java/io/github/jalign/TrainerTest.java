package io.github.jalign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.quickstart.Pair;
import io.github.jalign.recipe.Recipe;
import io.github.jalign.train.MemoryPlan;
import io.github.jalign.train.Progress;
import io.github.jalign.train.TrainListener;
import io.github.jalign.train.TrainResult;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
    private static final int STEPS = 3;

    @TempDir
    Path folder;

    @BeforeEach
    void writePairs() throws IOException {
        List<String> rows =
                Pair.draw(24, false, 1).stream().map(pair -> Json.write(pair.row())).toList();
        Files.write(folder.resolve("pairs.jsonl"), rows);
    }

    private Map<String, Object> keys(String output) {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("model_name_or_path", "models/quickstart");
        keys.put("dataset_name", folder.resolve("pairs.jsonl"));
        keys.put("output_dir", folder.resolve(output));
        keys.put("reference_cache", folder.resolve("reference"));
        keys.put("date", "2026-01-31");
        keys.put("per_device_train_batch_size", 8);
        keys.put("max_steps", STEPS);
        keys.put("learning_rate", 3e-4);
        keys.put("logging_steps", 1);
        keys.put("loss_type", List.of("sigmoid", "sft"));
        keys.put("loss_weights", List.of(1.0, 0.5));
        return keys;
    }

    private static String yaml(Map<String, Object> keys) {
        return keys.entrySet().stream()
                .map(key -> key.getKey() + ": "
                        + (key.getValue() instanceof Path path ? path : Json.write(key.getValue())))
                .collect(Collectors.joining("\n"));
    }

    @Test
    void keysARecipeAndAConfigurationTrainTheSameModel() throws IOException {
        TrainResult fromKeys = Trainer.dpo(keys("a")).train(new TrainListener() {});
        TrainResult fromRecipe = Trainer.dpo(yaml(keys("b"))).train(new TrainListener() {});
        TrainResult fromConfig = Trainer.dpo(
                        Recipe.dpo("recipe", yaml(keys("c")), List.of()).config())
                .train(new TrainListener() {});

        assertTrue(fromKeys.finished());
        assertEquals(STEPS, fromKeys.steps());
        assertEquals(folder.resolve("a"), fromKeys.output());
        for (TrainResult other : List.of(fromRecipe, fromConfig)) {
            assertEquals(
                    -1,
                    Files.mismatch(
                            fromKeys.output().resolve("model.safetensors"),
                            other.output().resolve("model.safetensors")));
        }
        try (Model before = Model.load("models/quickstart");
                Model after = Model.load(fromKeys.output(), LoadOptions.DEFAULT)) {
            List<Preference> held = Pair.draw(8, true, 1).stream()
                    .map(pair -> Preference.of(pair.question().text(), pair.chosen(), pair.rejected()))
                    .toList();
            assertTrue(margin(after.score(held)) > margin(before.score(held)));
        }
    }

    private static double margin(List<Score> scores) {
        return scores.stream().mapToDouble(Score::margin).sum();
    }

    @Test
    void fineTuningTakesTheSameWays() throws IOException {
        Map<String, Object> keys = keys("sft");
        keys.keySet().removeAll(List.of("loss_type", "loss_weights", "reference_cache"));
        TrainResult fromKeys = Trainer.sft(keys).train(new TrainListener() {});
        keys.put("output_dir", folder.resolve("again"));
        TrainResult fromRecipe = Trainer.sft(yaml(keys)).train(new TrainListener() {});

        assertTrue(fromKeys.finished());
        assertEquals(
                -1,
                Files.mismatch(
                        fromKeys.output().resolve("model.safetensors"), fromRecipe.output().resolve("model.safetensors")));
    }

    @Test
    void anotherThreadCancelsAndTheRunGoesOnLater() {
        Map<String, Object> keys = keys("cancelled");
        Trainer trainer = Trainer.dpo(keys);
        Semaphore wish = new Semaphore(0);
        Semaphore cancelled = new Semaphore(0);
        Thread.ofPlatform().start(() -> {
            wish.acquireUninterruptibly();
            trainer.cancel();
            cancelled.release();
        });
        TrainResult stopped = trainer.train(new TrainListener() {
            @Override
            public void stepped(Progress progress) {
                if (progress.step() == 1) {
                    wish.release();
                    cancelled.acquireUninterruptibly();
                }
            }
        });

        assertFalse(stopped.finished());
        assertEquals(1, stopped.steps());
        assertTrue(Files.isDirectory(stopped.output().resolve("checkpoint-1")));
        keys.put("resume_from_checkpoint", true);
        List<Integer> steps = new ArrayList<>();
        TrainResult resumed = Trainer.dpo(keys).train(new TrainListener() {
            @Override
            public void stepped(Progress progress) {
                steps.add(progress.step());
            }
        });
        assertTrue(resumed.finished());
        assertEquals(List.of(2, 3), steps);
    }

    @Test
    void aRefusedRunLetsGoOfItsFolder() {
        Map<String, Object> keys = keys("refused");
        keys.put("max_length", 1);
        String message = assertThrows(
                        JalignException.class, () -> Trainer.dpo(keys).train(new TrainListener() {}))
                .getMessage();
        assertMessage(() -> Trainer.dpo(keys).train(new TrainListener() {}), message); // and not that a run holds it
    }

    @Test
    void whatIsCancelledBeforeItBeginsDoesNoStep() {
        Trainer trainer = Trainer.dpo(keys("never"));
        trainer.cancel();
        TrainResult result = trainer.train(new TrainListener() {});

        assertFalse(result.finished());
        assertEquals(0, result.steps());
        IllegalStateException again = assertThrows(IllegalStateException.class, () -> trainer.train(new TrainListener() {}));
        assertEquals("a trainer trains once; make another for another run", again.getMessage());
    }

    @Test
    void theListenerHearsEverything() {
        Map<String, Object> keys = keys("heard");
        keys.put("dtype", "bfloat16");
        keys.put("padding_free", false);
        Set<String> heard = new TreeSet<>();
        List<String> said = new ArrayList<>();
        Trainer.dpo(keys).train(new TrainListener() {
            @Override
            public void started(List<String> lines) {
                heard.add("started");
            }

            @Override
            public void warned(String message) {
                heard.add("warned");
            }

            @Override
            public void said(String message) {
                heard.add("said");
                said.add(message);
            }

            @Override
            public void planned(MemoryPlan memory) {
                heard.add("planned");
            }

            @Override
            public void scored(String split, int done, int rows) {
                heard.add("scored");
            }

            @Override
            public void stepped(Progress progress) {
                heard.add("stepped");
            }

            @Override
            public void logged(Map<String, @Nullable Object> entry) {
                heard.add("logged");
            }

            @Override
            public void reached(String point) {
                heard.add("reached");
            }

            @Override
            public boolean cancelled() {
                heard.add("cancelled");
                return false;
            }
        });

        Set<String> all = Arrays.stream(TrainListener.class.getDeclaredMethods())
                .filter(method -> !method.isSynthetic())
                .map(Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(all, heard);
        assertTrue(said.contains("--padding_free has no effect: nothing is ever padded"), said.toString());
    }

    @Test
    void aKeyThatCannotBeUnderstoodIsNamed() {
        Map<String, Object> keys = keys("x");
        keys.put("beta", "strong");
        assertMessage(() -> Trainer.dpo(keys), """
                --beta: beta must be of its type and in its range
                  found     strong
                  expected  a number above 0
                  do        correct beta""");
        assertMessage(() -> Trainer.sft("model_name_or_path: m\nbeta: 1"), """
                recipe:2: beta is a key of jalign dpo
                  found     beta in a recipe for jalign sft
                  expected  keys of jalign sft
                  do        remove beta, or run jalign dpo""");
    }

    private static void assertMessage(org.junit.jupiter.api.function.Executable action, String message) {
        assertEquals(message, assertThrows(JalignException.class, action).getMessage());
    }
}
