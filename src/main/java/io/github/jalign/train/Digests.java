package io.github.jalign.train;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
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

    /** The bytes of a tensor, piece by piece: a device has to copy them. */
    static String of(Ops ops, Tensor tensor) {
        MessageDigest digest = sha256();
        int piece = Math.max(1, CHUNK / (tensor.cols() * tensor.dtype().bytes()));
        for (int row = 0; row < tensor.rows(); row += piece) {
            Tensor rows = tensor.rows(row, Math.min(piece, tensor.rows() - row));
            digest.update(ops.download(rows).asByteBuffer());
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
