package io.github.jalign.cli;

import io.github.jalign.Shared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Runs of {@code jalign dpo} in this JVM: a tiny model without a tokenizer, and pairs that are tokens already. */
final class TinyRun {
    private final Path folder;
    private final Path model;
    private final Path rows;

    /** @param folder empty; the runs' folders lie in it */
    TinyRun(Path folder) throws IOException {
        this.folder = folder;
        this.model = Files.createDirectory(folder.resolve("model"));
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(Shared.data("stories260K-hf/" + file), model.resolve(file));
        }
        Random random = new Random(1);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 6; i++) { // pairs of some twenty tokens
            lines.append("{\"prompt_ids\": %s, \"chosen_ids\": %s, \"rejected_ids\": %s}%n"
                    .formatted(ids(random, 5 + i), ids(random, 3 + 2 * i), ids(random, 9)));
        }
        this.rows = Files.writeString(folder.resolve("rows.jsonl"), lines);
    }

    private static List<Integer> ids(Random random, int count) {
        return random.ints(count, 3, 512).boxed().toList();
    }

    Path output(String name) {
        return folder.resolve(name);
    }

    /** Three steps, each with a checkpoint, into {@link #output}. */
    Run dpo(String output, String... more) {
        return Run.of((Object[]) arguments(output, more));
    }

    /** The command line of {@link #dpo}. */
    String[] arguments(String output, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "dpo",
                "--model_name_or_path=" + model,
                "--dataset_name=" + rows,
                "--output_dir=" + output(output),
                "--reference_cache=" + folder.resolve("cache"),
                "--per_device_train_batch_size=1",
                "--gradient_accumulation_steps=2",
                "--max_steps=3",
                "--learning_rate=1e-4",
                "--logging_steps=1",
                "--save_steps=1",
                "--resume_from_checkpoint=true"));
        args.addAll(List.of(more));
        return args.toArray(String[]::new);
    }

    byte[] weights(String output) throws IOException {
        return Files.readAllBytes(output(output).resolve("model.safetensors"));
    }
}
