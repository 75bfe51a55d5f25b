package io.github.jalign.train;

import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.checkpoint.FolderWriter;
import io.github.jalign.checkpoint.Folders;
import io.github.jalign.checkpoint.JsonFile;
import io.github.jalign.checkpoint.Manifest;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.checkpoint.Safetensors;
import io.github.jalign.checkpoint.SafetensorsWriter;
import io.github.jalign.checkpoint.TensorSource;
import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.model.Parameters;
import io.github.jalign.ops.Ops;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code checkpoint-N} folders: weights and moments to the last bit, the loop's state and what it belongs to. Each
 * appears by one rename, so a folder of that name is complete unless its disk lies.
 */
final class Checkpoints {
    private static final Pattern NAME = Pattern.compile("checkpoint-([0-9]{1,9})");
    private static final String WEIGHTS = "model.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String STATE = "state.json";

    /**
     * A checkpoint to go on from.
     *
     * @param identity what the run was made of, see {@link RunIdentity}
     */
    record Found(Path folder, TrainState state, RunIdentity identity) {}

    private final Path output;
    private final TrainListener listener;

    Checkpoints(Path output, TrainListener listener) {
        this.output = output;
        this.listener = listener;
    }

    /**
     * The newest folder whose manifest holds; newer ones are named in a warning.
     *
     * @return empty where there is no checkpoint at all
     * @throws JalignException of kind INPUT when there are some and none holds: to start anew would remove them
     */
    Optional<Found> newest() {
        List<Path> folders = folders();
        String problem = "";
        for (Path folder : folders.reversed()) {
            List<Manifest.Problem> problems = Manifest.verify(folder);
            if (problems.isEmpty()) {
                return Optional.of(read(folder));
            }
            problem = folder.getFileName() + ": " + problems.getFirst();
            listener.warned("checkpoint " + folder.getFileName() + " is skipped: " + problems.getFirst());
        }
        if (folders.isEmpty()) {
            return Optional.empty();
        }
        throw new JalignException(
                JalignException.Kind.INPUT,
                "resume_from_checkpoint: " + output,
                "one of the checkpoints must be complete",
                problem,
                "every file as manifest.json lists it",
                "restore one of them, or start anew without resume_from_checkpoint, which removes them");
    }

    /**
     * One that the user named.
     *
     * @throws JalignException of kind INPUT when it is not complete
     */
    static Found at(Path folder) {
        List<Manifest.Problem> problems = Manifest.verify(folder);
        if (!problems.isEmpty()) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    "resume_from_checkpoint: " + folder,
                    "a checkpoint must be complete",
                    problems.getFirst().toString(),
                    "every file as manifest.json lists it",
                    "name another checkpoint, or true for the newest complete one");
        }
        return read(folder);
    }

    private static Found read(Path folder) {
        Map<String, @Nullable Object> json = JsonFile.read(folder.resolve(STATE));
        return new Found(folder, TrainState.fromJson(json), RunIdentity.fromJson(json));
    }

    /** By step, oldest first. */
    private List<Path> folders() {
        if (!Files.isDirectory(output)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(output)) {
            return all.filter(Files::isDirectory)
                    .filter(p -> NAME.matcher(p.getFileName().toString()).matches())
                    .sorted(Comparator.comparingInt(Checkpoints::step))
                    .toList();
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    output.toString(),
                    "the output folder must be readable",
                    TextFile.reason(e),
                    "a readable folder",
                    "check the folder's permissions",
                    e);
        }
    }

    private static int step(Path folder) {
        Matcher m = NAME.matcher(folder.getFileName().toString());
        return m.matches() ? Integer.parseInt(m.group(1)) : -1;
    }

    /**
     * Removes the checkpoints beyond a step, which this run will make again: left there, they would be the newest.
     *
     * @param step where the run begins
     * @return their names
     */
    List<String> clearAfter(int step) {
        List<Path> later = folders().stream().filter(folder -> step(folder) > step).toList();
        later.forEach(Folders::remove);
        return later.stream().map(folder -> folder.getFileName().toString()).toList();
    }

    /** Fills weights and moments. */
    static void load(Found found, Engine engine, Ops ops) {
        Parameters parameters = engine.model().parameters();
        try (Safetensors weights = Safetensors.open(found.folder().resolve(WEIGHTS));
                Safetensors moments = Safetensors.open(found.folder().resolve(OPTIMIZER))) {
            ModelFiles.load(weights, "", parameters, ops);
            ModelFiles.load(moments, "exp_avg.", engine.firstMoment(), ops);
            ModelFiles.load(moments, "exp_avg_sq.", engine.secondMoment(), ops);
        }
        engine.model().refresh();
    }

    /**
     * Writes a checkpoint of the state, then removes the oldest beyond the limit.
     *
     * @param limit checkpoints kept, or null for all
     * @param trainerState the text of trainer_state.json
     */
    void save(
            TrainState state,
            RunIdentity identity,
            Engine engine,
            Ops ops,
            ModelFolder model,
            SavedFiles files,
            String trainerState,
            @Nullable Integer limit) {
        String name = "checkpoint-" + state.step;
        List<TensorSource> moments =
                new ArrayList<>(ModelFiles.sources(ops, engine.firstMoment(), "exp_avg.", ops.accumulationDtype()));
        moments.addAll(ModelFiles.sources(ops, engine.secondMoment(), "exp_avg_sq.", ops.accumulationDtype()));
        Map<String, @Nullable Object> json = new LinkedHashMap<>(state.toJson());
        identity.toJson(json);
        try (FolderWriter writer = FolderWriter.whole(output.resolve(name))) {
            files.writeCompanions(writer, model, ops.accumulationDtype());
            write(
                    writer,
                    name + "/" + WEIGHTS,
                    WEIGHTS,
                    out -> SafetensorsWriter.write(
                            out,
                            ModelFiles.sources(ops, engine.model().parameters(), "", ops.accumulationDtype()),
                            SafetensorsWriter.PYTORCH));
            write(writer, name + "/" + OPTIMIZER, OPTIMIZER, out -> SafetensorsWriter.write(out, moments, Map.of()));
            writer.writeString("trainer_state.json", trainerState);
            writer.writeString(STATE, Json.writePretty(json, 2));
            listener.reached("save " + name + " commit");
            writer.commit();
        }
        listener.reached("saved " + name);
        if (limit != null) {
            List<Path> all = folders();
            for (Path old : all.subList(0, Math.max(0, all.size() - limit))) {
                Folders.remove(old);
            }
        }
    }

    private void write(FolderWriter writer, String point, String name, AtomicFiles.Content content) {
        listener.reached("save " + point);
        writer.write(name, (OutputStream out) -> content.writeTo(out));
    }
}
