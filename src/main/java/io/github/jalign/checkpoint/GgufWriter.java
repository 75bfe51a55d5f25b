package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

/** Writes GGUF files of version 3: keys and tensors in the order given, tensors at multiples of 32 bytes. */
public final class GgufWriter {
    /** Elements converted in one go; whole blocks. */
    private static final int CHUNK = 1 << 16;

    private GgufWriter() {}

    /**
     * Writes a whole file; to make it atomic, call this inside of {@link AtomicFiles#write}. Values are asked for one
     * tensor after the other and pass in small pieces.
     *
     * @param written told after each tensor how many are done
     * @throws JalignException of kind NUMERIC when a finite value would become infinite in the type it is saved as
     */
    public static void write(
            OutputStream out, Map<String, GgufValue> keys, List<GgufTensor> tensors, IntConsumer written)
            throws IOException {
        byte[] header = header(keys, tensors);
        out.write(header);
        pad(out, header.length);
        Chunk chunk = new Chunk();
        for (int i = 0; i < tensors.size(); i++) {
            chunk.write(out, tensors.get(i));
            pad(out, tensors.get(i).bytes());
            written.accept(i + 1);
        }
    }

    private static byte[] header(Map<String, GgufValue> keys, List<GgufTensor> tensors) {
        Bytes bytes = new Bytes();
        bytes.integer(GgufHeader.MAGIC).integer(GgufHeader.VERSION).integer8(tensors.size()).integer8(keys.size());
        keys.forEach((name, value) -> {
            bytes.string(name);
            write(bytes, value);
        });
        Set<String> names = new HashSet<>();
        long offset = 0;
        for (GgufTensor t : tensors) {
            if (!names.add(t.name())
                    || t.name().getBytes(StandardCharsets.UTF_8).length > GgufHeader.MAX_TENSOR_NAME) {
                throw new IllegalArgumentException("a name twice or too long: " + t.name());
            }
            bytes.string(t.name()).integer(t.shape().size());
            t.shape().reversed().forEach(bytes::integer8);
            bytes.integer(t.saveAs().number()).integer8(offset);
            offset = GgufHeader.padded(Math.addExact(offset, t.bytes()), GgufHeader.DEFAULT_ALIGNMENT);
        }
        return bytes.toByteArray();
    }

    private static void write(Bytes bytes, GgufValue value) {
        switch (value) {
            case GgufValue.Whole w -> bytes.type(GgufType.UINT32).integer(w.value());
            case GgufValue.Real n -> bytes.type(GgufType.FLOAT32).integer(Float.floatToRawIntBits(n.value()));
            case GgufValue.Flag f -> bytes.type(GgufType.BOOL).write(f.value() ? 1 : 0);
            case GgufValue.Text t -> bytes.type(GgufType.STRING).string(t.value());
            case GgufValue.Texts t -> {
                bytes.array(GgufType.STRING, t.values().size());
                t.values().forEach(bytes::string);
            }
            case GgufValue.Wholes w -> {
                bytes.array(GgufType.INT32, w.values().size());
                w.values().forEach(bytes::integer);
            }
            case GgufValue.Reals n -> {
                bytes.array(GgufType.FLOAT32, n.values().size());
                n.values().forEach(v -> bytes.integer(Float.floatToRawIntBits(v)));
            }
        }
    }

    private static void pad(OutputStream out, long size) throws IOException {
        out.write(new byte[(int) (GgufHeader.padded(size, GgufHeader.DEFAULT_ALIGNMENT) - size)]);
    }

    /** A header under construction, little endian. */
    private static final class Bytes extends ByteArrayOutputStream {
        Bytes integer(int value) {
            writeBytes(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
            return this;
        }

        Bytes integer8(long value) {
            writeBytes(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
            return this;
        }

        Bytes type(GgufType type) {
            return integer(type.number());
        }

        Bytes array(GgufType element, long count) {
            return type(GgufType.ARRAY).type(element).integer8(count);
        }

        Bytes string(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            integer8(utf8.length).writeBytes(utf8);
            return this;
        }
    }

    /** The piece of a tensor that is being converted. */
    private static final class Chunk {
        private final float[] floats = new float[CHUNK];
        private final byte[] bytes = new byte[CHUNK * Float.BYTES];

        void write(OutputStream out, GgufTensor tensor) throws IOException {
            MemorySegment values = tensor.values().get();
            int from = tensor.type().bytes();
            long count = tensor.elements();
            if (values.byteSize() != count * from) {
                throw new IllegalArgumentException(
                        tensor.name() + ": " + values.byteSize() + " bytes for " + count + " of " + tensor.type());
            }
            for (long at = 0; at < count; at += CHUNK) {
                int n = (int) Math.min(CHUNK, count - at);
                MemorySegment source = values.asSlice(at * from, (long) n * from);
                DType to = tensor.saveAs().dtype();
                int size = n / tensor.saveAs().blockElements() * tensor.saveAs().blockBytes();
                MemorySegment target = MemorySegment.ofArray(bytes).asSlice(0, size);
                if (to == null) {
                    quantise(tensor, source, n, target);
                } else {
                    convert(tensor, source, to, target);
                }
                out.write(bytes, 0, size);
            }
        }

        private void quantise(GgufTensor tensor, MemorySegment source, int n, MemorySegment target) {
            convert(tensor, source, DType.F32, MemorySegment.ofArray(floats).asSlice(0, (long) n * Float.BYTES));
            int bad = GgmlBlocks.encodeQ8(floats, n, target);
            if (bad >= 0) {
                float worst = 0;
                for (int i = bad; i < bad + GgmlType.Q8_0.blockElements() && !Float.isNaN(worst); i++) {
                    worst = Math.abs(floats[i]) <= Math.abs(worst) ? worst : floats[i];
                }
                throw new JalignException(
                        Kind.NUMERIC,
                        "tensor " + Utf8.quote(tensor.name()),
                        "the scale of a Q8_0 block must be a finite F16 number",
                        "a block with the value " + worst,
                        "values of at most 8319008 in size",
                        Float.isFinite(worst) ? "choose bf16 or f32" : "look for what made the value so large");
            }
        }

        private static void convert(GgufTensor tensor, MemorySegment source, DType to, MemorySegment target) {
            long overflow = FloatFormats.convert(tensor.type(), source, to, target);
            if (overflow >= 0) {
                String where = "tensor " + Utf8.quote(tensor.name());
                throw FloatFormats.tooLarge(where, tensor.type(), source, overflow, to);
            }
        }
    }
}
