package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.errors.TextFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the file system refused, in five parts. */
final class FileFailure {
    /** A file system with less room than this counts as full. */
    private static final long FULL = 1 << 20;

    private FileFailure() {}

    static JalignException reading(Path file, IOException e) {
        return new JalignException(
                Kind.IO,
                file.toString(),
                "the file must be readable",
                TextFile.reason(e),
                "a file that this user may read",
                "correct the path or its permissions",
                e);
    }

    /**
     * @param kept what the failure left as it was, for instance {@code the old file is unchanged}
     */
    static JalignException writing(Path file, IOException e, String kept) {
        long free = usableSpace(file);
        boolean full = free >= 0 && free < FULL || isFull(e);
        return new JalignException(
                Kind.IO,
                file.toString(),
                full ? "the disk must have room for the file" : "the file must be writable",
                TextFile.reason(e) + (full && free >= 0 ? "; " + free + " bytes are free" : ""),
                full ? "enough free bytes" : "a folder that this user may write to",
                (full
                                ? "free some disk space or write elsewhere"
                                : "correct the path or its permissions, or write elsewhere")
                        + "; " + kept,
                e);
    }

    /** In English; where the system speaks another language, the free bytes decide. */
    private static boolean isFull(IOException e) {
        String reason = TextFile.reason(e);
        return reason.contains("No space left") || reason.contains("quota") || reason.contains("not enough space");
    }

    /** Where the file is, or the nearest folder above it that exists; -1 when even that cannot be asked. */
    private static long usableSpace(Path file) {
        for (Path p = file.toAbsolutePath(); p != null; p = p.getParent()) {
            if (Files.exists(p)) {
                try {
                    return Files.getFileStore(p).getUsableSpace();
                } catch (IOException unknown) {
                    return -1; // only a detail of a message that is about to be given
                }
            }
        }
        return -1;
    }
}
