package io.github.jalign.ops.cpu;

import static io.github.jalign.ops.cpu.Trial.U;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.ops.AttentionBounds;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import io.github.jalign.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention against the reference, over trees, group sizes, windows and head widths that fit no tile. */
class AttentionTest {

    record Case(AttentionShape shape, Segments segments) {}

    static Stream<Case> cases() {
        Segments one = Segments.sequences(1);
        Segments plain = Segments.sequences(3, 1, 33, 13);
        Segments tree = new Segments(new int[] {0, 31, 71, 84, 85, 118}, new int[] {-1, 0, 0, -1, 3, 3}, 150);
        Segments chosenInsideTiles = new Segments(new int[] {0, 7, 20}, new int[] {-1, 0, 0}, 51);
        Segments empty = new Segments(new int[] {0, 5, 5, 9}, new int[] {-1, 0, 0, -1}, 9);
        Segments more = new Segments(new int[] {0, 205, 411}, new int[] {-1, 0, 0}, 500);
        return Stream.of(
                new Case(new AttentionShape(1, 1, 1, 0), one),
                new Case(new AttentionShape(1, 1, 4, 0), plain),
                new Case(new AttentionShape(4, 2, 8, 0), plain),
                new Case(new AttentionShape(3, 1, 13, 0), tree),
                new Case(new AttentionShape(9, 3, 64, 0), tree),
                new Case(new AttentionShape(2, 2, 33, 0), tree),
                new Case(new AttentionShape(4, 1, 20, 10), tree),
                new Case(new AttentionShape(2, 1, 16, 40), tree),
                new Case(new AttentionShape(2, 1, 16, 1), plain),
                new Case(new AttentionShape(2, 1, 96, 0), chosenInsideTiles),
                new Case(new AttentionShape(2, 1, 128, 3), chosenInsideTiles),
                new Case(new AttentionShape(2, 1, 32, 0), empty),
                new Case(new AttentionShape(2, 1, 32, 0), more),
                new Case(new AttentionShape(1, 1, 24, 210), more));
    }

    private static Trial trial(Case c) {
        int rows = c.segments.tokens();
        return new Trial(c.hashCode())
                .normal("qkv", rows, c.shape.packedWidth(), 1)
                .normal("out", rows, c.shape.queryWidth(), 1)
                .normal("lse", rows, c.shape.heads(), 1)
                .normal("dout", rows, c.shape.queryWidth(), 1)
                .normal("dqkv", rows, c.shape.packedWidth(), 1)
                .run((ops, t) -> {
                    ops.attention(t.apply("qkv"), c.segments, c.shape, t.apply("out"), t.apply("lse"));
                    ops.attentionBackward(
                            t.apply("dout"), t.apply("qkv"), t.apply("out"), t.apply("lse"), c.segments, c.shape,
                            t.apply("dqkv"));
                });
    }

    private static AttentionBounds bounds(Trial trial, Segments segments, AttentionShape shape, boolean backward) {
        return new AttentionBounds(
                (name, r, c) -> name.equals("out") ? trial.expected(name, r, c) : trial.value(name, r, c),
                segments, shape, backward, 0);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void forwardAndBackwardStayWithinTheirBounds(Case c) {
        Trial trial = trial(c);
        AttentionBounds bounds = bounds(trial, c.segments, c.shape, true);
        trial.within("out", bounds::out).within("lse", bounds::lse).within("dqkv", bounds::dqkv);
    }

    @Test
    void aSequenceHasTheSameBitsAloneAndAmongOthers() {
        AttentionShape shape = new AttentionShape(6, 2, 24, 0);
        Segments packed = new Segments(new int[] {0, 29, 60, 77, 110}, new int[] {-1, -1, 1, 1, -1}, 123);
        Segments alone = new Segments(new int[] {0, 31, 48}, new int[] {-1, 0, 0}, 81);
        Trial all = trial(new Case(shape, packed));
        Trial one = new Trial(0);
        int[] i = {0};
        for (String name : List.of("qkv", "out", "lse", "dout", "dqkv")) {
            int cols = switch (name) {
                case "lse" -> shape.heads();
                case "out", "dout" -> shape.queryWidth();
                default -> shape.packedWidth();
            };
            i[0] = 0;
            one.values(name, alone.tokens(), cols, () -> all.value(name, 29 + i[0] / cols, i[0]++ % cols));
        }
        one.run((ops, t) -> {
            ops.attention(t.apply("qkv"), alone, shape, t.apply("out"), t.apply("lse"));
            ops.attentionBackward(
                    t.apply("dout"), t.apply("qkv"), t.apply("out"), t.apply("lse"), alone, shape, t.apply("dqkv"));
        });
        for (int t = 0; t < alone.tokens(); t++) {
            for (int c = 0; c < shape.queryWidth(); c++) {
                assertEquals(all.actual("out", 29 + t, c), one.actual("out", t, c));
            }
            for (int c = 0; c < shape.packedWidth(); c++) {
                assertEquals(all.actual("dqkv", 29 + t, c), one.actual("dqkv", t, c));
            }
        }
    }

    @Test
    void aRowDoesNotDependOnLaterTokens() {
        AttentionShape shape = new AttentionShape(2, 1, 16, 0);
        int rows = 70;
        List<Trial> trials = new ArrayList<>();
        for (int variant = 0; variant < 2; variant++) {
            int changed = variant;
            Trial trial = new Trial(3).normal("out", rows, 32, 1).normal("lse", rows, 2, 1);
            int[] i = {0};
            trial.values("qkv", rows, 64, () -> {
                int t = i[0]++ / 64;
                return Math.sin(i[0]) + (t >= 41 ? changed : 0);
            });
            trials.add(trial.run((ops, t) -> ops.attention(
                    t.apply("qkv"), Segments.sequences(rows), shape, t.apply("out"), t.apply("lse"))));
        }
        for (int t = 0; t < 41; t++) {
            for (int c = 0; c < 32; c++) {
                assertEquals(trials.get(0).actual("out", t, c), trials.get(1).actual("out", t, c));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void cachedAttentionStaysWithinItsBounds(Case c) {
        int rows = Math.min(3, c.segments.tokens());
        int start = c.segments.tokens() - rows;
        AttentionShape shape = c.shape;
        Trial trial = new Trial(c.hashCode())
                .normal("qkv", start + rows, shape.packedWidth(), 1)
                .normal("keys", start + rows + 2, shape.keyWidth(), 1)
                .normal("values", start + rows + 2, shape.keyWidth(), 1)
                .normal("out", start + rows, shape.queryWidth(), 1)
                .normal("lse", start + rows, shape.heads(), 1)
                .ids("slots", IntStream.range(0, start + rows).toArray())
                .run((ops, t) -> {
                    if (start > 0) { // a cache is appended to by rows, never by none
                        ops.appendToCache(
                                t.apply("qkv").rows(0, start), shape, t.apply("slots").columns(0, start),
                                t.apply("keys"), t.apply("values"));
                    }
                    Tensor slots = t.apply("slots").columns(start, rows);
                    ops.appendToCache(
                            t.apply("qkv").rows(start, rows), shape, slots, t.apply("keys"), t.apply("values"));
                    ops.attentionCached(
                            t.apply("qkv").rows(start, rows), t.apply("keys"), t.apply("values"), slots, shape,
                            t.apply("out").rows(start, rows));
                });
        AttentionBounds bounds = bounds(trial, Segments.sequences(start + rows), shape, false);
        trial.within("out", (t, i) -> t < start ? 0 : bounds.out(t, i));
        trial.rounded("keys").rounded("values");
        assertEquals(trial.value("keys", start + rows, 0), trial.actual("keys", start + rows, 0), U);
    }
}
