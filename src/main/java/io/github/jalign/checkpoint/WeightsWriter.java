package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes a model's weights into a folder as transformers does: one {@code model.safetensors}, or shards and an index
 * when they exceed a limit.
 */
public final class WeightsWriter {
    /** What transformers 5 puts into one file: 50 GB. */
    public static final long SHARD_BYTES = 50_000_000_000L;

    private static final Pattern WEIGHT_FILE =
            Pattern.compile("model(-[0-9]{5}-of-[0-9]{5})?\\.safetensors|model\\.safetensors\\.index\\.json");

    private WeightsWriter() {}

    /**
     * Writes the weights; weight files in the target that this save does not write will be gone after the commit.
     *
     * @param tensors filled into shards in this order
     * @param shardBytes a shard holds at most as many bytes of tensors, or one larger tensor
     * @throws JalignException as {@link FolderWriter#write} and {@link SafetensorsWriter#write}
     */
    public static void write(FolderWriter folder, List<TensorSource> tensors, long shardBytes) {
        List<List<TensorSource>> shards = split(tensors, shardBytes);
        for (String old : weightFiles(folder.target())) {
            folder.remove(old);
        }
        if (shards.size() == 1) {
            folder.write(ModelFolder.WEIGHTS, out -> SafetensorsWriter.write(out, tensors, SafetensorsWriter.PYTORCH));
            return;
        }
        Map<String, String> weightMap = new TreeMap<>();
        long totalSize = 0;
        for (int i = 0; i < shards.size(); i++) {
            List<TensorSource> shard = shards.get(i);
            String name = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            folder.write(name, out -> SafetensorsWriter.write(out, shard, SafetensorsWriter.PYTORCH));
            for (TensorSource t : shard) {
                weightMap.put(t.name(), name);
                totalSize += t.bytes();
            }
        }
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("metadata", Map.of("total_size", totalSize));
        index.put("weight_map", weightMap);
        folder.writeString(ShardIndex.NAME, Json.writePretty(index, 2));
    }

    private static List<List<TensorSource>> split(List<TensorSource> tensors, long shardBytes) {
        List<List<TensorSource>> shards = new ArrayList<>();
        List<TensorSource> shard = new ArrayList<>();
        long size = 0;
        for (TensorSource t : tensors) {
            if (!shard.isEmpty() && size + t.bytes() > shardBytes) {
                shards.add(shard);
                shard = new ArrayList<>();
                size = 0;
            }
            shard.add(t);
            size += t.bytes();
        }
        shards.add(shard);
        return shards;
    }

    private static List<String> weightFiles(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString())
                    .filter(WEIGHT_FILE.asMatchPredicate())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw FileFailure.reading(folder, e);
        }
    }
}
