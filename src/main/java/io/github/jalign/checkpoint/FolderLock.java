package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The right of one process to write into an output folder, held until {@link #close} or the end of the process. The
 * file {@code .jalign.lock} stays behind; it is the operating system's lock on it that counts. A second run in the same
 * process is refused like one in another; on Linux, though, refusing it lets go of the first one's lock against other
 * processes.
 */
public final class FolderLock implements AutoCloseable {
    static final String NAME = ".jalign.lock";

    private final Path folder;
    private final FileChannel channel;

    private FolderLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /**
     * Takes the lock of a folder, which is made if it does not exist.
     *
     * @throws JalignException of kind IO when another run holds it, or the folder cannot be written
     */
    public static FolderLock acquire(Path folder) {
        Path file = folder.resolve(NAME);
        try {
            Files.createDirectories(folder);
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            boolean locked = false;
            try {
                if (tryLock(channel) == null) {
                    throw held(folder, read(channel));
                }
                byte[] pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
                channel.truncate(0);
                channel.write(ByteBuffer.wrap(pid));
                locked = true;
                return new FolderLock(folder, channel);
            } finally {
                if (!locked) {
                    channel.close();
                }
            }
        } catch (IOException e) {
            throw FileFailure.writing(file, e, "nothing was changed");
        }
    }

    private static JalignException held(Path folder, String pid) {
        return new JalignException(
                Kind.IO,
                folder.toString(),
                "one run at a time may write to an output folder",
                pid.isEmpty() ? "another run" : "the run with process id " + pid,
                "no other run",
                "wait for it, stop it, or choose another output_dir");
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException heldByThisProcess) {
            return null;
        }
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(32);
        channel.read(bytes, 0);
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII).strip();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw FileFailure.writing(folder.resolve(NAME), e, "nothing was changed");
        }
    }
}
