package io.github.jalign.text;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads the files of a tokenizer's folder; text in them is decoded strictly. */
final class FolderFile {
    private FolderFile() {}

    /** The file's content, or null where there is no such file. */
    static byte @Nullable [] bytes(Path file) {
        try {
            return Files.exists(file) ? Files.readAllBytes(file) : null;
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    file.toString(),
                    "the file must be readable",
                    e.toString(),
                    "a file that this user may read",
                    "check the file and its permissions",
                    e);
        }
    }

    /** The file's text, or null where there is no such file. */
    static @Nullable String text(Path file) {
        byte[] bytes = bytes(file);
        return bytes == null ? null : decode(file.toString(), bytes);
    }

    /** @param where names the bytes in errors */
    static String decode(String where, byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            return decoder.decode(in).toString();
        } catch (CharacterCodingException e) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    where,
                    "the text must be valid UTF-8",
                    "0x%02x at byte %d, which is none".formatted(bytes[in.position()], in.position() + 1),
                    "text in UTF-8",
                    "the file is damaged or in another encoding: take it from the model's own folder again",
                    e);
        }
    }
}
