package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.json.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code model.safetensors.index.json}: which file of a sharded model holds which tensor.
 *
 * @param shardOf file name by tensor name, in file order
 */
record ShardIndex(Map<String, String> shardOf) {
    static final String NAME = "model.safetensors.index.json";
    static final int MAX_SHARDS = 10_000;
    static final String EXTENSION = ".safetensors";

    /** Reads the index of a folder and judges every name in it before any shard is opened. */
    static ShardIndex read(Path folder) {
        Path file = FolderPaths.existing(folder, NAME, folder.toString());
        String where = file.toString();
        Map<String, @Nullable Object> fields = JsonFile.read(file);
        Utf8.requirePortable(where, fields);
        if (!(fields.get("weight_map") instanceof Map<?, ?> weightMap)) {
            throw refused(
                    where,
                    "weight_map must be an object",
                    Json.kind(fields.get("weight_map")),
                    "file names by tensor name",
                    "download the folder again");
        }
        Map<String, String> shardOf = new LinkedHashMap<>();
        Set<String> shards = new LinkedHashSet<>();
        weightMap.forEach((tensor, value) -> {
            String at = where + ": weight_map[" + Utf8.quote(tensor) + "]";
            if (!(value instanceof String shard)) {
                throw refused(
                        at,
                        "a shard must be named by a string",
                        Json.kind(value),
                        "a file name",
                        "download the folder again");
            }
            if (shards.add(shard)) {
                judge(folder, shard, at);
            }
            shardOf.put((String) tensor, shard);
        });
        if (shards.size() > MAX_SHARDS) {
            throw refused(
                    where,
                    "an index names at most " + MAX_SHARDS + " shards",
                    shards.size() + " shards",
                    "a model in fewer files",
                    "save the model again with larger shards");
        }
        return new ShardIndex(shardOf);
    }

    private static void judge(Path folder, String shard, String where) {
        FolderPaths.inside(folder, shard, where);
        if (!shard.endsWith(EXTENSION)) {
            throw refused(
                    where,
                    "a shard must be a safetensors file",
                    Utf8.quote(shard),
                    "a name that ends in " + EXTENSION,
                    "convert the model to safetensors");
        }
    }

    Set<String> shards() {
        return new LinkedHashSet<>(shardOf.values());
    }

    private static JalignException refused(String where, String rule, String found, String expected, String action) {
        return new JalignException(Kind.INPUT, where, rule, found, expected, action);
    }
}
