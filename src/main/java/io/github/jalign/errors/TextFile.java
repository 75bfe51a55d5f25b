package io.github.jalign.errors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/** A text file that a person wrote, whole: strict UTF-8, and an error that says what is the matter with it. */
public final class TextFile {
    private TextFile() {}

    /**
     * Reads all of it.
     *
     * @param what names it in errors, for example {@code the recipe}
     * @throws JalignException of kind IO when it cannot be read, of kind INPUT when it is not UTF-8
     */
    public static String read(Path file, String what) {
        String rule = what + " must be readable as UTF-8 text";
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    file.toString(),
                    rule,
                    reason(e),
                    "a text file that this user may read",
                    "correct the path or the file's permissions",
                    e);
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            return decoder.decode(in).toString();
        } catch (CharacterCodingException e) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    file.toString(),
                    rule,
                    String.format(Locale.ROOT, "0x%02x at byte %d, which is none", bytes[in.position()], in.position() + 1),
                    "text in UTF-8",
                    "convert the file, or name another: it is damaged, in another encoding, or no text",
                    e);
        }
    }

    /** What the file system refused, in words: Java often gives only the path as the message; the class says the rest. */
    public static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "no such file or folder: " + missing.getFile();
            case AccessDeniedException denied -> "permission denied: " + denied.getFile();
            case ClosedByInterruptException interrupted -> "the thread was interrupted";
            case FileSystemException f when f.getReason() != null -> f.getReason();
            case FileSystemException f -> f.getClass().getSimpleName() + ": " + f.getFile();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
