package io.github.jalign.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Safetensors files made by hand, right or wrong. */
final class RawSafetensors {
    private RawSafetensors() {}

    /** The length of the header, the header, and so many bytes of data: 0, 1, 2, … */
    static byte[] file(String header, int dataBytes) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        return file(text.length, text, dataBytes);
    }

    static byte[] file(long claimedLength, byte[] header, int dataBytes) {
        ByteBuffer file =
                ByteBuffer.allocate(Long.BYTES + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(claimedLength).put(header);
        for (int i = 0; i < dataBytes; i++) {
            file.put((byte) i);
        }
        return file.array();
    }

    static Safetensors open(byte[] file) {
        return Safetensors.of("model.safetensors", MemorySegment.ofArray(file));
    }
}
