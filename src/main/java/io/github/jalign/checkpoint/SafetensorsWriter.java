package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes one safetensors file as the reference does: the widest types first so that every tensor is aligned, names in
 * order within a type, the header padded with spaces to 8 bytes. Values are converted and written in chunks.
 */
public final class SafetensorsWriter {
    /** The metadata without which transformers does not load a model's weights. */
    public static final Map<String, String> PYTORCH = Map.of("format", "pt");

    /** Bytes in the file; a multiple of every element's size. */
    private static final int CHUNK = 1 << 20;

    private SafetensorsWriter() {}

    /**
     * Writes a whole file to a stream, which stays open. Wrap it in {@link AtomicFiles#write} or {@link FolderWriter}.
     *
     * @param tensors in any order, with unique names
     * @param metadata for {@code __metadata__}; none when empty
     * @throws JalignException of kind NUMERIC when a finite value would become infinite in the type it is saved as
     */
    public static void write(OutputStream out, List<TensorSource> tensors, Map<String, String> metadata)
            throws IOException {
        List<TensorSource> sorted = new ArrayList<>(tensors);
        sorted.sort(Comparator.comparing((TensorSource t) -> -t.saveAs().bytes())
                .thenComparing(TensorSource::saveAs)
                .thenComparing(TensorSource::name));
        byte[] header = header(sorted, metadata);
        out.write(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .array());
        out.write(header);
        byte[] chunk = new byte[CHUNK];
        for (TensorSource tensor : sorted) {
            write(out, tensor, chunk);
        }
    }

    private static byte[] header(List<TensorSource> sorted, Map<String, String> metadata) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            fields.put(SafetensorsHeader.METADATA, new TreeMap<>(metadata));
        }
        long at = 0;
        for (TensorSource t : sorted) {
            long end = Math.addExact(at, t.bytes());
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", t.saveAs().safetensorsName());
            entry.put("shape", t.shape());
            entry.put("data_offsets", List.of(at, end));
            if (fields.put(t.name(), entry) != null) {
                throw new IllegalArgumentException("two tensors named " + t.name());
            }
            at = end;
        }
        byte[] json = Json.write(fields).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        if (padded.length > SafetensorsHeader.MAX_LENGTH) {
            throw new IllegalArgumentException("a header of " + padded.length + " bytes is more than readers accept");
        }
        return padded;
    }

    private static void write(OutputStream out, TensorSource tensor, byte[] chunk) throws IOException {
        MemorySegment values = tensor.values().get();
        int from = tensor.type().bytes();
        int to = tensor.saveAs().bytes();
        long count = tensor.elements();
        if (values.byteSize() != count * from) {
            throw new IllegalArgumentException(
                    tensor.name() + ": " + values.byteSize() + " bytes for " + count + " elements of " + tensor.type());
        }
        long step = CHUNK / to;
        for (long at = 0; at < count; at += step) {
            int n = (int) Math.min(step, count - at);
            MemorySegment source = values.asSlice(at * from, (long) n * from);
            MemorySegment target = MemorySegment.ofArray(chunk).asSlice(0, (long) n * to);
            long overflow = FloatFormats.convert(tensor.type(), source, tensor.saveAs(), target);
            if (overflow >= 0) {
                String where = "tensor " + Utf8.quote(tensor.name());
                throw FloatFormats.tooLarge(where, tensor.type(), values, at + overflow, tensor.saveAs());
            }
            out.write(chunk, 0, n * to);
        }
    }
}
