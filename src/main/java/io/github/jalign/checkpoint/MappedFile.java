package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;

/** Maps a file read-only as a whole. */
final class MappedFile {
    private MappedFile() {}

    /**
     * Gives the mapping to what reads it.
     *
     * @param kind of file, for errors
     * @param reader gets the arena, which is its own to close, and the mapping; when it throws, the arena is closed
     * @throws JalignException of kind INPUT when the file does not exist, of kind IO when it cannot be read
     */
    static <T> T open(Path file, String kind, BiFunction<Arena, MemorySegment, T> reader) {
        if (!Files.isRegularFile(file)) {
            throw new JalignException(
                    Kind.INPUT,
                    file.toString(),
                    "the " + kind + " file must exist",
                    Files.exists(file) ? "something that is no regular file" : "nothing of that name",
                    "a regular file",
                    "correct the path");
        }
        Arena arena = Arena.ofShared();
        boolean open = false;
        try (FileChannel channel = FileChannel.open(file)) {
            MemorySegment mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            T result = reader.apply(arena, mapping);
            open = true;
            return result;
        } catch (IOException e) {
            throw FileFailure.reading(file, e);
        } finally {
            if (!open) {
                arena.close();
            }
        }
    }
}
