package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face model folder: {@code config.json}, and the weights in {@code model.safetensors} or, without that file,
 * in the shards that {@code model.safetensors.index.json} names. Every file lies inside the folder
 * ({@link FolderPaths}), and index and shards name the same tensors in both directions. Any number of threads may read.
 */
public final class ModelFolder implements AutoCloseable {
    static final String CONFIG = "config.json";
    static final String WEIGHTS = "model.safetensors";
    private static final String CHAT_TEMPLATES = "additional_chat_templates";

    /** Files that belong to a model beside its configuration and weights. */
    private static final List<String> COMPANIONS = List.of(
            "generation_config.json",
            "tokenizer.json",
            "tokenizer.model",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "chat_template.jinja",
            "chat_template.json");

    private final Path path;
    private final Map<String, @Nullable Object> config;
    private final List<Safetensors> files;
    private final Map<String, Safetensors> fileOf;

    private ModelFolder(
            Path path, Map<String, @Nullable Object> config, List<Safetensors> files, Map<String, Safetensors> fileOf) {
        this.path = path;
        this.config = config;
        this.files = files;
        this.fileOf = fileOf;
    }

    /**
     * Opens a folder, reads its configuration and the headers of all its weights.
     *
     * @throws JalignException of kind INPUT when something is missing or breaks a rule, of kind IO when the file system
     *     refuses
     */
    public static ModelFolder open(Path folder) {
        requireFolder(folder);
        Map<String, @Nullable Object> config = JsonFile.read(FolderPaths.existing(folder, CONFIG, folder.toString()));
        List<Safetensors> files = new ArrayList<>();
        boolean open = false;
        try {
            Map<String, Safetensors> fileOf;
            if (Files.exists(folder.resolve(WEIGHTS), LinkOption.NOFOLLOW_LINKS)) {
                fileOf = openOne(folder, files);
            } else if (Files.exists(folder.resolve(ShardIndex.NAME), LinkOption.NOFOLLOW_LINKS)) {
                fileOf = openShards(folder, files);
            } else {
                throw noWeights(folder);
            }
            open = true;
            return new ModelFolder(
                    folder, Collections.unmodifiableMap(config), files, Collections.unmodifiableMap(fileOf));
        } finally {
            if (!open) {
                files.forEach(Safetensors::close);
            }
        }
    }

    private static void requireFolder(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw refused(
                    folder.toString(),
                    "the model must be a local folder",
                    Files.exists(folder) ? "a file" : "nothing of that name",
                    "a folder with config.json and model.safetensors",
                    "give the folder, or download the model first: jalign does not");
        }
        if (FolderWriter.isCutShort(folder)) {
            throw refused(
                    folder.toString(),
                    "the files of a model must come from one save",
                    "a save that was stopped while its files replaced older ones",
                    "a complete save",
                    "save the model again, or remove " + Folders.staging(folder) + " if the files are good");
        }
    }

    private static Map<String, Safetensors> openOne(Path folder, List<Safetensors> files) {
        Safetensors file = Safetensors.open(FolderPaths.existing(folder, WEIGHTS, folder.toString()));
        files.add(file);
        Map<String, Safetensors> fileOf = new LinkedHashMap<>();
        file.tensors().keySet().forEach(name -> fileOf.put(name, file));
        return fileOf;
    }

    private static Map<String, Safetensors> openShards(Path folder, List<Safetensors> files) {
        ShardIndex index = ShardIndex.read(folder);
        String where = folder.resolve(ShardIndex.NAME).toString();
        Map<String, Safetensors> shards = new LinkedHashMap<>();
        for (String name : index.shards()) {
            Safetensors shard = Safetensors.open(FolderPaths.existing(folder, name, where));
            files.add(shard);
            shards.put(name, shard);
            for (String tensor : shard.tensors().keySet()) {
                @Nullable String listed = index.shardOf().get(tensor);
                if (!name.equals(listed)) {
                    throw refused(
                            folder.resolve(name) + ": tensor " + Utf8.quote(tensor),
                            "the index must list every tensor of a shard",
                            listed == null ? "no entry" : "an entry that says " + Utf8.quote(listed),
                            Utf8.quote(name),
                            "download the folder again; index and shards do not belong together");
                }
            }
        }
        Map<String, Safetensors> fileOf = new LinkedHashMap<>();
        index.shardOf().forEach((tensor, name) -> {
            Safetensors shard = shards.get(name);
            if (shard == null || !shard.tensors().containsKey(tensor)) {
                throw refused(
                        where + ": weight_map[" + Utf8.quote(tensor) + "]",
                        "a shard must hold every tensor that the index puts there",
                        Utf8.quote(name) + " without this tensor",
                        "a shard that holds it",
                        "download the folder again; index and shards do not belong together");
            }
            fileOf.put(tensor, shard);
        });
        return fileOf;
    }

    private static JalignException noWeights(Path folder) {
        for (String other : List.of("adapter_model.safetensors", "pytorch_model.bin", "pytorch_model.bin.index.json")) {
            if (Files.exists(folder.resolve(other))) {
                return refused(
                        folder.toString(),
                        "the weights must be in safetensors files",
                        other,
                        WEIGHTS + " or " + ShardIndex.NAME,
                        other.startsWith("adapter")
                                ? "merge the adapter into its base model first"
                                : "save the model with transformers as safetensors");
            }
        }
        return refused(
                folder.toString(),
                "the weights must be in safetensors files",
                "neither " + WEIGHTS + " nor " + ShardIndex.NAME,
                "one of them",
                "correct the path, or download the folder again");
    }

    public Path path() {
        return path;
    }

    /** {@code config.json} as plain values, with every key, in file order. */
    public Map<String, @Nullable Object> config() {
        return config;
    }

    /** In the order of the file, or of the index. */
    public Set<String> tensorNames() {
        return fileOf.keySet();
    }

    /** @throws JalignException of kind INPUT when the model has no such tensor */
    public Safetensors.Entry entry(String name) {
        return file(name).entry(name);
    }

    /** As {@link Safetensors#bytes}. */
    public MemorySegment bytes(String name) {
        return file(name).bytes(name);
    }

    /** As {@link Safetensors#readFloats}. */
    public void readFloats(String name, MemorySegment destination) {
        file(name).readFloats(name, destination);
    }

    /** As {@link Safetensors#readDoubles}. */
    public void readDoubles(String name, MemorySegment destination) {
        file(name).readDoubles(name, destination);
    }

    private Safetensors file(String name) {
        @Nullable Safetensors file = fileOf.get(name);
        if (file == null) {
            throw refused(
                    path.toString(),
                    "the model must hold the tensor " + Utf8.quote(name),
                    fileOf.size() + " tensors, none of that name",
                    "a tensor of exactly that name",
                    "make sure that config.json and the weights belong together");
        }
        return file;
    }

    /**
     * The files that travel along when the model is saved elsewhere: generation configuration, tokenizer, chat
     * templates; relative to {@link #path}, only those that exist.
     *
     * @throws JalignException of kind INPUT when one of them is a link out of the folder
     */
    public List<Path> companionFiles() {
        List<String> names = new ArrayList<>(COMPANIONS);
        Path templates = path.resolve(CHAT_TEMPLATES);
        if (Files.isDirectory(templates)) {
            try (Stream<Path> list = Files.list(templates)) {
                list.map(p -> CHAT_TEMPLATES + "/" + p.getFileName())
                        .filter(name -> name.endsWith(".jinja"))
                        .sorted()
                        .forEach(names::add);
            } catch (IOException e) {
                throw FileFailure.reading(templates, e);
            }
        }
        List<Path> companions = new ArrayList<>();
        for (String name : names) {
            if (Files.exists(path.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                companions.add(path.relativize(FolderPaths.existing(path, name, path.toString())));
            }
        }
        return companions;
    }

    @Override
    public void close() {
        files.forEach(Safetensors::close);
    }

    private static JalignException refused(String where, String rule, String found, String expected, String action) {
        return new JalignException(Kind.INPUT, where, rule, found, expected, action);
    }
}
