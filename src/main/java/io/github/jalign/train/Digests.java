package io.github.jalign.train;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** SHA-256 of what a run is made of. */
final class Digests {
    private static final int CHUNK = 1 << 20;

    private Digests() {}

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** The bytes of a tensor. */
    static String of(Ops ops, Tensor tensor) {
        MessageDigest digest = sha256();
        MemorySegment bytes = ops.download(tensor);
        byte[] chunk = new byte[CHUNK];
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            int count = (int) Math.min(CHUNK, bytes.byteSize() - at);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, chunk, 0, count);
            digest.update(chunk, 0, count);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Every token id of every item, and which are trained. */
    static String of(List<Item> items) {
        MessageDigest digest = sha256();
        for (Item item : items) {
            ints(digest, item.prompt());
            digest.update((byte) item.completions().size());
            for (Completion c : item.completions()) {
                ints(digest, c.ids());
                for (int i = 0; i < c.ids().length; i++) {
                    digest.update((byte) (c.trained(i) ? 1 : 0));
                }
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void ints(MessageDigest digest, int[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * (values.length + 1));
        bytes.putInt(values.length);
        for (int v : values) {
            bytes.putInt(v);
        }
        digest.update(bytes.flip());
    }
}
