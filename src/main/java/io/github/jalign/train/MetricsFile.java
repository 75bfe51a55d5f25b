package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code metrics.jsonl}: the log history, a line an entry, and the same entries in memory. */
final class MetricsFile implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;
    private final List<Map<String, @Nullable Object>> history = new ArrayList<>();

    /**
     * Opens the file and forgets what lies behind {@code bytes}: entries of steps that a resumed run does again.
     *
     * @param bytes what the checkpoint counted; 0 begins anew
     */
    MetricsFile(Path file, long bytes) {
        this.file = file;
        try {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (channel.size() < bytes) {
                long found = channel.size();
                channel.close();
                throw new JalignException(
                        JalignException.Kind.INPUT,
                        file.toString(),
                        "the metrics of the steps before the checkpoint must be there",
                        found + " bytes",
                        "at least " + bytes + " bytes",
                        "restore the file, or start again in an empty output_dir");
            }
            channel.truncate(bytes);
            ByteBuffer kept = ByteBuffer.allocate(Math.toIntExact(bytes));
            while (kept.hasRemaining() && channel.read(kept) >= 0) {
                // until all is read
            }
            int line = 0;
            for (String text : new String(kept.array(), StandardCharsets.UTF_8).lines().toList()) {
                history.add(Json.parseObject(file + ":" + ++line, text));
            }
            channel.position(bytes);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    void append(Map<String, @Nullable Object> entry) {
        history.add(entry);
        ByteBuffer line = ByteBuffer.wrap((Json.write(entry) + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Makes what was appended durable, and says how many bytes there are. */
    long sync() {
        try {
            channel.force(true);
            return channel.size();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    List<Map<String, @Nullable Object>> history() {
        return Collections.unmodifiableList(history);
    }

    private JalignException failed(IOException e) {
        return new JalignException(
                JalignException.Kind.IO,
                file.toString(),
                "metrics must be written as the run goes",
                TextFile.reason(e),
                "a writable file on a disk with room",
                "free space or choose another output_dir, then run again with --resume_from_checkpoint=true",
                e);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failed(e);
        }
    }
}
