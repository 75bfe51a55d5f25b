package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * Files that are either the old or the complete new one, also after a kill or a power cut: written under a temporary
 * name in the same folder, fsynced, renamed, the folder fsynced. One writer a file.
 */
public final class AtomicFiles {
    /** Ends every temporary name; each begins with a dot. */
    static final String TEMPORARY = ".jalign-tmp";

    private static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");

    private AtomicFiles() {}

    /** What a file is to hold, written in one go. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    /** @throws JalignException as {@link #write} */
    public static void writeString(Path file, String text) {
        writeBytes(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** @throws JalignException as {@link #write} */
    public static void writeBytes(Path file, byte[] bytes) {
        write(file, out -> out.write(bytes));
    }

    /**
     * Replaces or makes one file. When it throws, whatever it throws, the old file is as it was and nothing is left
     * beside it.
     *
     * @throws JalignException of kind IO when the disk is full, the folder is missing or read-only, and so on
     */
    public static void write(Path file, Content content) {
        Path temporary = temporary(file);
        try {
            writeAndSync(temporary, content);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            syncFolder(parent(file));
        } catch (IOException e) {
            JalignException failure = FileFailure.writing(file, e, "nothing of the old file is lost");
            discard(temporary, failure); // not earlier: the failure says how full the disk is
            throw failure;
        } catch (RuntimeException | Error e) {
            discard(temporary, e);
            throw e;
        }
    }

    private static void discard(Path temporary, Throwable because) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            because.addSuppressed(e);
        }
    }

    static Path temporary(Path file) {
        return file.resolveSibling("." + file.getFileName() + TEMPORARY);
    }

    /** Makes a file anew and returns when its bytes are on the disk. */
    static void writeAndSync(Path file, Content content) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file); // says why it cannot, which the stream below does not
        // Not a FileChannel: an interrupt, which may be how a run is asked to save and stop, would close it.
        try (FileOutputStream stream = new FileOutputStream(file.toFile());
                OutputStream out = new BufferedOutputStream(stream, 1 << 16)) {
            content.writeTo(out);
            out.flush();
            stream.getFD().sync();
        }
    }

    /** Makes renames in a folder last. */
    static void syncFolder(Path folder) throws IOException {
        if (WINDOWS) {
            return; // NTFS journals renames and cannot open a folder as a file
        }
        boolean interrupted = Thread.interrupted(); // it would close the channel
        try (FileChannel channel = FileChannel.open(folder)) {
            channel.force(true);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    static Path parent(Path file) {
        @Nullable Path parent = file.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException("not a file or folder that could be written: " + file);
        }
        return parent;
    }
}
