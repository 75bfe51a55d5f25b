package io.github.jalign.train;

import io.github.jalign.checkpoint.FolderWriter;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.json.Json;
import io.github.jalign.tensor.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files beside the weights of a saved model: configuration, tokenizer, templates.
 *
 * @param chatTemplate replaces the model's own; null lets that travel along
 */
record SavedFiles(@Nullable String chatTemplate) {
    private static final String TEMPLATE = "chat_template.jinja";

    void writeCompanions(FolderWriter writer, ModelFolder model, DType saveAs) {
        writer.writeString("config.json", Json.writePretty(config(model, saveAs), 2));
        for (Path file : model.companionFiles()) {
            String name = file.toString().replace('\\', '/');
            if (chatTemplate == null || !name.equals(TEMPLATE)) {
                writer.copy(model.path().resolve(file), name);
            }
        }
        if (chatTemplate != null) {
            writer.writeString(TEMPLATE, chatTemplate);
        }
    }

    /** Every key as it was, but for the precision of the weights. */
    private static Map<String, @Nullable Object> config(ModelFolder model, DType saveAs) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>(model.config());
        config.put(
                config.containsKey("torch_dtype") && !config.containsKey("dtype") ? "torch_dtype" : "dtype",
                saveAs.torchName());
        return config;
    }
}
