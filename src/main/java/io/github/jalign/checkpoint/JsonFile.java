package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A file that holds one JSON object. */
public final class JsonFile {
    /** The index of 10000 shards is far smaller. */
    private static final long MAX_BYTES = 100_000_000;

    private JsonFile() {}

    /** @throws JalignException of kind INPUT when it is not one JSON object in UTF-8, of kind IO when it cannot be read */
    public static Map<String, @Nullable Object> read(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new JalignException(
                        Kind.INPUT,
                        file.toString(),
                        "a JSON file of a model is at most " + MAX_BYTES + " bytes long",
                        size + " bytes",
                        "a configuration, an index or a manifest",
                        "make sure that this is the right file");
            }
            return Json.parseObject(file.toString(), Utf8.decode(file.toString(), Files.readAllBytes(file)));
        } catch (IOException e) {
            throw FileFailure.reading(file, e);
        }
    }
}
