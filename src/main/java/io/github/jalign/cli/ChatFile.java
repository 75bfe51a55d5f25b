package io.github.jalign.cli;

import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import io.github.jalign.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A conversation in a file: {@code {"messages": [{"role": …, "content": …}, …]}}. */
final class ChatFile {
    private static final String EXPECTED = "{\"messages\": [{\"role\": text, \"content\": text}, …]}";

    private ChatFile() {}

    static void write(Path file, List<Map<String, @Nullable Object>> messages) {
        AtomicFiles.writeString(file, Json.writePretty(Map.of("messages", messages), 2));
    }

    /** @throws JalignException of kind INPUT for another kind of file, of kind IO for one that cannot be read */
    static List<Map<String, @Nullable Object>> read(Path file) {
        String text = TextFile.read(file, "the conversation");
        if (!(Json.parseObject(file.toString(), text).get("messages") instanceof List<?> list)) {
            throw refused(file, "no list of messages");
        }
        List<Map<String, @Nullable Object>> messages = new ArrayList<>();
        for (Object message : list) {
            if (!(message instanceof Map<?, ?> map && map.get("role") instanceof String)) {
                throw refused(file, "message " + (messages.size() + 1) + " without a role");
            }
            messages.add(Json.asObject(map));
        }
        return messages;
    }

    private static JalignException refused(Path file, String found) {
        return new JalignException(
                JalignException.Kind.INPUT,
                file.toString(),
                "a conversation is a list of messages",
                found,
                EXPECTED,
                "correct the file, or write one with /save");
    }
}
