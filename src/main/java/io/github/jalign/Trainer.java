package io.github.jalign;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.recipe.Recipe;
import io.github.jalign.recipe.Resolved;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.DpoTrainer;
import io.github.jalign.train.MemoryPlan;
import io.github.jalign.train.Progress;
import io.github.jalign.train.SftConfig;
import io.github.jalign.train.SftTrainer;
import io.github.jalign.train.TrainListener;
import io.github.jalign.train.TrainResult;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One training run: what {@code jalign dpo} and {@code jalign sft} do, inside a program.
 *
 * <pre>{@code
 * Trainer trainer = Trainer.dpo(Map.of(
 *         "model_name_or_path", "models/quickstart",
 *         "dataset_name", "pairs.jsonl",
 *         "output_dir", "aligned",
 *         "beta", 0.1));
 * TrainResult result = trainer.train(new TrainListener() {
 *     public void stepped(Progress progress) { … }
 * });
 * }</pre>
 *
 * <p>{@link #train} runs on the thread that calls it and returns when the run has ended and its memory is free;
 * {@link #cancel} may be called from any thread. Runs in different output folders may go on side by side.
 */
public final class Trainer {
    private final Run run;
    private final List<String> notes;
    private final AtomicBoolean begun = new AtomicBoolean();
    private volatile boolean cancelled;

    private interface Run {
        TrainResult with(TrainListener listener);
    }

    private Trainer(List<String> notes, Run run) {
        this.notes = notes;
        this.run = run;
    }

    /**
     * Preference optimisation as a configuration says.
     *
     * @param config what a recipe resolves to
     * @return a run that has not begun
     */
    public static Trainer dpo(DpoConfig config) {
        return new Trainer(List.of(), listener -> DpoTrainer.run(config, Resolved.yaml(config), listener));
    }

    /**
     * Preference optimisation as a recipe says.
     *
     * @param recipe YAML, the text of a file that {@code jalign dpo} takes
     * @return a run that has not begun
     * @throws JalignException of kind USAGE for what cannot be understood
     */
    public static Trainer dpo(String recipe) {
        return dpo(Recipe.dpo("recipe", recipe, List.of()));
    }

    /**
     * Preference optimisation as these keys say.
     *
     * @param keys of a recipe; values are strings, numbers, booleans, paths, and lists and maps of them
     * @return a run that has not begun
     * @throws JalignException of kind USAGE for what cannot be understood
     */
    public static Trainer dpo(Map<String, ?> keys) {
        return dpo(Recipe.dpo(words(keys)));
    }

    private static Trainer dpo(Recipe<DpoConfig> recipe) {
        return new Trainer(
                recipe.notes(), listener -> DpoTrainer.run(recipe.config(), recipe.resolved(), listener));
    }

    /**
     * Supervised fine-tuning as a configuration says.
     *
     * @param config what a recipe resolves to
     * @return a run that has not begun
     */
    public static Trainer sft(SftConfig config) {
        return new Trainer(List.of(), listener -> SftTrainer.run(config, Resolved.yaml(config), listener));
    }

    /**
     * Supervised fine-tuning as a recipe says.
     *
     * @param recipe YAML, the text of a file that {@code jalign sft} takes
     * @return a run that has not begun
     * @throws JalignException of kind USAGE for what cannot be understood
     */
    public static Trainer sft(String recipe) {
        return sft(Recipe.sft("recipe", recipe, List.of()));
    }

    /**
     * Supervised fine-tuning as these keys say.
     *
     * @param keys of a recipe; values are strings, numbers, booleans, paths, and lists and maps of them
     * @return a run that has not begun
     * @throws JalignException of kind USAGE for what cannot be understood
     */
    public static Trainer sft(Map<String, ?> keys) {
        return sft(Recipe.sft(words(keys)));
    }

    private static Trainer sft(Recipe<SftConfig> recipe) {
        return new Trainer(
                recipe.notes(), listener -> SftTrainer.run(recipe.config(), recipe.resolved(), listener));
    }

    /** As on a command line, so that messages name keys and no lines. */
    private static List<String> words(Map<String, ?> keys) {
        return keys.entrySet().stream()
                .map(key -> "--" + key.getKey() + "=" + word(key.getValue()))
                .toList();
    }

    private static String word(@Nullable Object value) {
        return value instanceof List<?> || value instanceof Map<?, ?> ? Json.write(value) : String.valueOf(value);
    }

    /**
     * Trains to the end, or until {@link #cancel} or the listener ends the run. A trainer trains once.
     *
     * @param listener hears of everything, on this thread; keys without effect first
     * @return where the model is, and whether the run was finished; what {@link #cancel} ended can be resumed with
     *     {@code resume_from_checkpoint: true}
     * @throws JalignException for whatever the user can mend: data, sizes, memory, disks, numbers that are none
     * @throws IllegalStateException when this trainer has trained before
     */
    public TrainResult train(TrainListener listener) {
        if (begun.getAndSet(true)) {
            throw new IllegalStateException("a trainer trains once; make another for another run");
        }
        notes.forEach(listener::said);
        return run.with(new Cancellable(listener));
    }

    /** Ends the run soon: after the pack of rows at hand, with a checkpoint of the last whole step. Any thread may call. */
    public void cancel() {
        cancelled = true;
    }

    /** The user's listener, and this trainer's own word on going on. */
    private final class Cancellable implements TrainListener {
        private final TrainListener listener;

        Cancellable(TrainListener listener) {
            this.listener = listener;
        }

        @Override
        public void started(List<String> lines) {
            listener.started(lines);
        }

        @Override
        public void planned(MemoryPlan memory) {
            listener.planned(memory);
        }

        @Override
        public void warned(String message) {
            listener.warned(message);
        }

        @Override
        public void said(String message) {
            listener.said(message);
        }

        @Override
        public void scored(String split, int done, int rows) {
            listener.scored(split, done, rows);
        }

        @Override
        public void stepped(Progress progress) {
            listener.stepped(progress);
        }

        @Override
        public void logged(Map<String, @Nullable Object> entry) {
            listener.logged(entry);
        }

        @Override
        public void reached(String point) {
            listener.reached(point);
        }

        @Override
        public boolean cancelled() {
            return cancelled || listener.cancelled();
        }
    }
}
