package io.github.jalign.train;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.data.Item;
import io.github.jalign.data.Task;
import io.github.jalign.errors.JalignException;
import io.github.jalign.loss.PreferenceLoss;
import io.github.jalign.loss.Sft;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.loss.WeightedSum;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.ModelFiles;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/** Direct preference optimisation (Rafailov et al. 2023) of a model folder on preference rows. */
public final class DpoTrainer {
    private final DpoConfig config;
    private final TrainListener listener;

    private DpoTrainer(DpoConfig config, TrainListener listener) {
        this.config = config;
        this.listener = listener;
    }

    /**
     * Runs to the end, or until the listener cancels.
     *
     * @param recipe text to keep beside the model as recipe.yaml
     * @throws JalignException for whatever the user can mend
     */
    public static TrainResult run(DpoConfig config, String recipe, TrainListener listener) {
        return new DpoTrainer(config, listener).run(recipe);
    }

    private TrainResult run(String recipe) {
        try (Training training = new Training(config.run(), config.data(), Task.DPO, recipe, about(config), listener)) {
            String weights = referenceWeights(training);
            ReferenceLogps train;
            ReferenceLogps eval;
            try {
                train = reference(training, weights, training.dataset().train(), "train");
                eval = reference(training, weights, training.dataset().eval(), "eval");
            } catch (CancellationException e) {
                return new TrainResult(config.run().outputDir(), false, 0, List.of());
            }
            if (training.resumed() == null && config.refModelNameOrPath() != null) {
                training.loadModel();
            }
            Map<String, String> settings =
                    Map.of("loss", losses(config) + " beta " + config.beta(), "reference", referenceModel(config));
            return training.run(
                    new DpoObjective(training.dataset().train(), train, loss(), config.beta()),
                    new DpoObjective(training.dataset().eval(), eval, loss(), config.beta()),
                    training.identity(weights, settings));
        }
    }

    /** What the banner says of the loss. */
    static List<String> about(DpoConfig config) {
        return List.of(
                "loss         " + losses(config) + ", beta " + config.beta(),
                "reference    " + referenceModel(config));
    }

    private static String referenceModel(DpoConfig config) {
        return config.refModelNameOrPath() == null ? "the model as it is now" : config.refModelNameOrPath();
    }

    private static String losses(DpoConfig config) {
        return config.losses().stream()
                .map(l -> l.type().spelling() + (l.weight() == 1 ? "" : " x " + l.weight()))
                .collect(Collectors.joining(" + "));
    }

    private PreferenceLoss loss() {
        return new WeightedSum(config.losses().stream()
                .map(l -> new WeightedSum.Term(
                        switch (l.type()) {
                            case SIGMOID -> new Sigmoid(config.beta());
                            case SFT -> new Sft();
                        },
                        l.weight()))
                .toList());
    }

    /** Loads the reference into the engine, unless a checkpoint knows its hash, and returns that hash. */
    private String referenceWeights(Training training) {
        if (training.resumed() != null) {
            return training.resumed().identity().referenceWeights();
        }
        loadReference(training);
        return Digests.of(training.ops(), training.engine().weights().flat());
    }

    private void loadReference(Training training) {
        if (config.refModelNameOrPath() == null) {
            training.loadModel();
            return;
        }
        try (ModelFolder folder = ModelFolder.open(HubCache.ofUser().model(config.refModelNameOrPath()))) {
            var reference = ModelConfigReader.read(
                    folder.path().resolve("config.json").toString(), folder.config());
            if (!reference.equals(training.modelConfig())) {
                throw new JalignException(
                        JalignException.Kind.INPUT,
                        "ref_model_name_or_path: " + folder.path(),
                        "the reference must have the trained model's configuration",
                        reference.toString(),
                        training.modelConfig().toString(),
                        "name a reference of the same architecture and sizes, or leave the key out");
            }
            ModelFiles.load(folder, reference, training.engine().model().parameters(), training.ops());
            training.engine().model().refresh();
        }
    }

    private ReferenceLogps reference(Training training, String weights, List<Item> items, String split) {
        if (items.isEmpty()) {
            return new ReferenceLogps(new double[0][][]);
        }
        ReferenceCache cache = new ReferenceCache(
                config.referenceCache() == null ? ReferenceCache.defaultFolder() : config.referenceCache(),
                training.ops().numerics());
        String key = cache.key(weights, items);
        var kept = cache.find(key, items);
        if (kept.isPresent()) {
            listener.said(String.format(
                    Locale.ROOT, "reference log-probs (%s): 0 forwards, %,d rows from the cache", split, items.size()));
            return kept.get();
        }
        if (training.resumed() != null) {
            loadReference(training);
            String found = Digests.of(training.ops(), training.engine().weights().flat());
            if (!found.equals(weights)) {
                throw new JalignException(
                        JalignException.Kind.INPUT,
                        "resume_from_checkpoint: " + training.resumed().folder(),
                        "the reference must be the one that the run began with",
                        "weights with SHA-256 " + found,
                        weights,
                        "restore the model folder, or start anew in another output_dir");
            }
        }
        long began = System.nanoTime();
        ReferenceLogps computed = ReferenceCache.compute(
                training.engine(),
                items,
                training.packTokens(),
                done -> {
                    listener.scored(split, done, items.size());
                    if (listener.cancelled()) {
                        throw new CancellationException();
                    }
                });
        cache.store(key, computed);
        listener.said(String.format(
                Locale.ROOT, "reference log-probs (%s): %,d rows in %.1f s, kept for the next run",
                split, items.size(), (System.nanoTime() - began) / 1e9));
        return computed;
    }
}
