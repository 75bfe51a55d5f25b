package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Valid files with random damage: each is read whole or refused with a {@link JalignException}, nothing else. */
class GgufMutationTest {
    private static final List<byte[]> SEEDS = List.of(
            RawGguf.of(3, 5)
                    .key("general.alignment", RawGguf.UINT32).int4(32)
                    .key("a.text", RawGguf.STRING).string("llama é")
                    .key("tokens", RawGguf.ARRAY).int4(RawGguf.STRING).int8(3).string("<s>").string("▁a").string("")
                    .key("types", RawGguf.ARRAY).int4(RawGguf.INT32).int8(3).int4(3).int4(1).int4(6)
                    .key("scores", RawGguf.ARRAY).int4(RawGguf.FLOAT32).int8(2).int4(0).int4(0x7fc00000)
                    .tensor("q8", 8, 0, 32, 2)
                    .tensor("q4", 3, 96, 64)
                    .tensor("half", 1, 160, 3, 1, 2)
                    .pad()
                    .zeros(192)
                    .bytes(),
            RawGguf.of(1, 4)
                    .key("a", RawGguf.UINT8).int1(9)
                    .key("b", RawGguf.INT64).int8(-1)
                    .key("c", RawGguf.FLOAT64).int8(Double.doubleToLongBits(0.5))
                    .key("d", RawGguf.BOOL).int1(1)
                    .tensor("t", 0, 0, 5)
                    .pad()
                    .zeros(20)
                    .bytes(),
            RawGguf.of(2, 0, 0).bytes());

    /** Numbers that readers stumble over. */
    private static final long[] NUMBERS = {
        0, 1, 2, 3, 8, 9, 12, 13, 30, 31, 32, 63, 64, 255, 65_535, 65_536, 65_537, 1 << 20, 1 << 24, (1 << 24) + 1,
        Integer.MAX_VALUE, 0x8000_0000L, 0xffff_ffffL, 1L << 32, 1L << 61, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE, -1,
        -32
    };

    @Test
    void twoHundredThousandMutationsEscapeOnlyAsJalignException() {
        Outcome outcome = mutate(20260801, 200_000);
        assertTrue(outcome.accepted > 2_000, outcome.accepted + " mutations were still valid files");
        assertTrue(outcome.rules.size() >= 36, outcome.rules.size() + " rules were met: " + outcome.rules);
    }

    @Test
    @Tag("long")
    void fiveMillionMutationsEscapeOnlyAsJalignException() {
        Set<String> rules = mutate(1, 5_000_000).rules;
        assertEquals(40, rules.size(), rules.toString());
    }

    /** @param rules of the messages, numbers left out */
    private record Outcome(int accepted, Set<String> rules) {}

    private static Outcome mutate(long seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        Set<String> rules = new TreeSet<>();
        int accepted = 0;
        for (int i = 0; i < count; i++) {
            byte[] file = mutant(random);
            try (Gguf gguf = RawGguf.open(file)) {
                readAll(gguf);
                accepted++;
            } catch (JalignException e) {
                rules.add(rule(e));
            } catch (Throwable other) {
                throw new AssertionError(
                        "mutation " + i + " of seed " + seed + ": " + HexFormat.of().formatHex(file), other);
            }
        }
        return new Outcome(accepted, rules);
    }

    private static void readAll(Gguf gguf) {
        for (Gguf.Entry e : gguf.tensors().values()) {
            float[] values = new float[Math.toIntExact(e.elements())];
            gguf.read(e.name(), DType.F32, MemorySegment.ofArray(values));
        }
        GgufKeys keys = gguf.keys();
        JalignException refused = null;
        for (String name : keys.names()) {
            for (Runnable question : List.<Runnable>of(
                    () -> keys.text(name),
                    () -> keys.whole(name),
                    () -> keys.number(name),
                    () -> keys.flag(name),
                    () -> keys.texts(name),
                    () -> keys.wholes(name),
                    () -> keys.numbers(name))) {
                try {
                    question.run();
                } catch (JalignException e) {
                    // a key has one type, so most questions are refused; only what the bytes are guilty of counts
                    refused = e.getMessage().contains("the value must be") ? refused : e;
                }
            }
        }
        if (refused != null) {
            throw refused;
        }
    }

    private static String rule(JalignException e) {
        String line = String.valueOf(e.getMessage()).lines().findFirst().orElseThrow();
        return line.substring(e.where().length() + 2).replaceAll("(element|dimension) \\d+", "$1 N");
    }

    private static byte[] mutant(SplittableRandom random) {
        byte[] file = SEEDS.get(random.nextInt(SEEDS.size())).clone();
        for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
            file = edit(file, random);
        }
        return file;
    }

    private static byte[] edit(byte[] file, SplittableRandom random) {
        int at = random.nextInt(file.length + 1);
        int end = Math.min(file.length, at + random.nextInt(20));
        return switch (random.nextInt(7)) {
            case 0 -> Arrays.copyOf(file, at);
            case 1 -> splice(file, at, new byte[0], end);
            case 2 -> splice(file, at, Arrays.copyOfRange(file, at, end), at);
            case 3, 4 -> number(file, at, random);
            case 5 -> splice(file, at, new byte[] {(byte) random.nextInt(256)}, Math.min(file.length, at + 1));
            default -> flip(file, at, random);
        };
    }

    /** Overwrites 4 or 8 bytes. */
    private static byte[] number(byte[] file, int at, SplittableRandom random) {
        long value = NUMBERS[random.nextInt(NUMBERS.length)];
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (random.nextBoolean() && at + 8 <= file.length) {
            buffer.putLong(at, value);
        } else if (at + 4 <= file.length) {
            buffer.putInt(at, (int) value);
        }
        return file;
    }

    private static byte[] flip(byte[] file, int at, SplittableRandom random) {
        if (at < file.length) {
            file[at] ^= (byte) (1 << random.nextInt(8));
        }
        return file;
    }

    private static byte[] splice(byte[] file, int from, byte[] middle, int to) {
        if (from > to) {
            return file;
        }
        ByteBuffer result = ByteBuffer.allocate(from + middle.length + file.length - to);
        return result.put(file, 0, from).put(middle).put(file, to, file.length - to).array();
    }
}
