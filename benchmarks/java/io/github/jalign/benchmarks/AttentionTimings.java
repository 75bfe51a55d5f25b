package io.github.jalign.benchmarks;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.data.RowId;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Causal attention forward and backward over equal sequences that fill the batch; and pairs that share a prompt, against
 * the same pairs as two sequences each. Useful operations: 4·E of each (query, key) that the mask allows forward, 10·E
 * backward.
 */
final class AttentionTimings {
    private final Device device;

    AttentionTimings(Device device) {
        this.device = device;
    }

    void run() {
        Shapes shapes = device.shapes();
        for (AttentionShape shape : shapes.heads()) {
            int longest = Collections.max(shapes.lengths());
            device.ops().reserve(new Workload(
                    shapes.tokens(), longest, shape.heads(), shape.keyValueHeads(), shape.headDim(), 1, 1, 1, 1,
                    true));
            for (int length : shapes.lengths()) {
                int[] lengths = new int[shapes.tokens() / length];
                Arrays.fill(lengths, length);
                time("attention", name(shape) + ", T " + length, Timing.JALIGN, Segments.sequences(lengths), shape);
            }
            for (var prefix : shapes.prefixes()) {
                int prompt = prefix.get(0);
                int completion = prefix.get(1);
                String name = name(shape) + ", " + prompt + " + " + completion;
                int pairs = shapes.tokens() / (2 * (prompt + completion));
                int[] lengths = new int[2 * pairs];
                Arrays.fill(lengths, prompt + completion);
                time("shared prefix", name, Timing.JALIGN, shared(pairs, prompt, completion), shape);
                time("shared prefix", name, "two sequences", Segments.sequences(lengths), shape);
            }
        }
    }

    private static String name(AttentionShape shape) {
        return shape.heads() + "/" + shape.keyValueHeads() + " heads of " + shape.headDim();
    }

    /** As a batch of training packs them. */
    private static Segments shared(int pairs, int prompt, int completion) {
        Completion answer = new Completion(new int[completion], null);
        Item pair = new Item(new RowId("pair", 1), new int[prompt], List.of(answer, answer));
        return Pack.of(Collections.nCopies(pairs, pair)).segments();
    }

    private void time(String group, String name, String how, Segments segments, AttentionShape shape) {
        int t = segments.tokens();
        var ops = device.ops();
        try (TensorArena narrow = device.allocate(
                        device.narrow("qkv", t, shape.packedWidth()),
                        device.narrow("dqkv", t, shape.packedWidth()),
                        device.narrow("out", t, shape.queryWidth()),
                        device.narrow("dout", t, shape.queryWidth()));
                TensorArena wide = device.allocate(device.wide("lse", t, shape.heads()))) {
            Normals.Known qkv = device.normals().fill(ops, narrow.get("qkv"), 1, 1);
            Normals.Known dout = device.normals().fill(ops, narrow.get("dout"), 2, 1);
            Tensor out = narrow.get("out");
            Tensor lse = wide.get("lse");
            Tensor dqkv = narrow.get("dqkv");
            AttentionCheck check = new AttentionCheck(ops, segments, shape, qkv, dout);
            double useful = (double) segments.attended() * shape.queryWidth();
            double forward =
                    device.watch().seconds(i -> ops.attention(qkv.tensor(), segments, shape, out, lse));
            device.log().add(Timing.of(group, name, "forward", forward, 4 * useful, "flop", check.forward(out)).how(how));
            double backward = device.watch()
                    .seconds(i -> ops.attentionBackward(
                            dout.tensor(), qkv.tensor(), out, lse, segments, shape, dqkv));
            double error = check.backward(dqkv, out, lse);
            device.log().add(Timing.of(group, name, "backward", backward, 10 * useful, "flop", error).how(how));
        }
    }
}
