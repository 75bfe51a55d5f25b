package io.github.jalign.model;

import io.github.jalign.checkpoint.FolderWriter;
import io.github.jalign.checkpoint.WeightsWriter;
import io.github.jalign.json.Json;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Model folders with random float32 weights. */
public final class SavedModel {
    private SavedModel() {}

    /** As {@link RandomModel#fill}, written as a model folder. */
    public static ModelConfig write(Path folder, Map<String, @Nullable Object> json, double spread, long seed) {
        ModelConfig config = ModelConfigReader.read("config.json", json);
        try (Ops ops = Backend.REFERENCE.open(1)) {
            Parameters parameters =
                    new Parameters(config, ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype())));
            RandomModel.fill(ops, parameters, spread, seed);
            write(folder, json, ops, parameters, DType.F32);
        }
        return config;
    }

    static void write(Path folder, Map<String, @Nullable Object> json, Ops ops, Parameters parameters, DType saveAs) {
        try (FolderWriter writer = FolderWriter.into(folder)) {
            writer.writeString("config.json", Json.writePretty(json, 2));
            WeightsWriter.write(
                    writer, ModelFiles.sources(ops, parameters, "", saveAs), WeightsWriter.SHARD_BYTES);
            writer.commit();
        }
    }
}
