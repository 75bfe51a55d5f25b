package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Valid files with random damage: each is read whole or refused with a {@link JalignException}, nothing else. */
class SafetensorsMutationTest {
    private static final List<byte[]> SEEDS = List.of(
            RawSafetensors.file(
                    """
                    {"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
                    "b.weight":{"dtype":"BF16","shape":[5],"data_offsets":[24,34]},\
                    "c":{"dtype":"F16","shape":[],"data_offsets":[34,36]},\
                    "d":{"dtype":"F64","shape":[1,0],"data_offsets":[36,36]},\
                    "e":{"dtype":"I64","shape":[1,1,1],"data_offsets":[36,44]}}\s\s\s""",
                    44),
            RawSafetensors.file("{\"x\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3),
            RawSafetensors.file("{}", 0));

    private static final List<String> TOKENS = List.of(
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\\ud800",
            "\\u0000",
            "null",
            "true",
            "NaN",
            "-",
            "0",
            "1",
            "8",
            ".5",
            "e9",
            "e999",
            "-1",
            "9223372036854775807",
            "18446744073709551616",
            "99999999999999999999999999",
            "\"dtype\":",
            "\"shape\":",
            "\"data_offsets\":",
            "\"__metadata__\":",
            "\"F32\"",
            "\"BOOL\"",
            "\"F8_E4M3\"",
            "[[[[[[[[",
            "{\"a\":{\"a\":",
            "\n",
            "\0",
            "\ufeff",
            "\ud83d\ude00");

    @Test
    void twoHundredThousandMutationsEscapeOnlyAsJalignException() {
        Outcome outcome = mutate(20260301, 200_000);
        assertTrue(outcome.accepted > 2_000, outcome.accepted + " mutations were still valid files");
        assertTrue(outcome.rules.size() >= 17, "these rules were met: " + outcome.rules);
    }

    @Test
    @Tag("long")
    void fiveMillionMutationsEscapeOnlyAsJalignException() {
        assertEquals(20, mutate(1, 5_000_000).rules.size());
    }

    /** @param rules the first lines of the messages, without the place */
    private record Outcome(int accepted, Set<String> rules) {}

    private static Outcome mutate(long seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        Set<String> rules = new TreeSet<>();
        int accepted = 0;
        for (int i = 0; i < count; i++) {
            byte[] file = mutant(random);
            try (Safetensors safetensors = RawSafetensors.open(file)) {
                readAll(safetensors);
                accepted++;
            } catch (JalignException e) {
                rules.add(rule(e));
            } catch (Throwable other) {
                throw new AssertionError("mutation " + i + " of seed " + seed + ": " + Arrays.toString(file), other);
            }
        }
        return new Outcome(accepted, rules);
    }

    private static void readAll(Safetensors file) {
        for (Safetensors.Entry e : file.tensors().values()) {
            assertEquals(e.end() - e.begin(), file.bytes(e.name()).byteSize());
            if (FloatFormats.isFloat(e.dtype())) {
                file.readFloats(e.name(), MemorySegment.ofArray(new float[Math.toIntExact(e.elements())]));
            }
        }
    }

    private static String rule(JalignException e) {
        String line = String.valueOf(e.getMessage()).lines().findFirst().orElseThrow();
        String rule = line.substring(e.where().length() + 2);
        return rule.startsWith(SafetensorsHeader.METADATA + ".") ? "metadata must hold strings" : rule;
    }

    private static byte[] mutant(SplittableRandom random) {
        byte[] file = SEEDS.get(random.nextInt(SEEDS.size())).clone();
        for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
            file = edit(file, random);
        }
        if (random.nextInt(4) > 0) {
            claimRightLength(file);
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
            case 3 -> splice(file, at, token(random), random.nextBoolean() ? at : end);
            case 4 -> splice(file, at, new byte[] {(byte) random.nextInt(256)}, Math.min(file.length, at + 1));
            case 5 -> splice(file, at, new byte[random.nextInt(12)], at);
            default -> flipDigitOrBit(file, Math.min(at, file.length - 1), random);
        };
    }

    private static byte[] token(SplittableRandom random) {
        return TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] flipDigitOrBit(byte[] file, int at, SplittableRandom random) {
        for (int i = at; i >= 0 && i < file.length; i++) {
            if (file[i] >= '0' && file[i] <= '9') {
                file[i] = (byte) ('0' + random.nextInt(10));
                return file;
            }
        }
        if (at >= 0) {
            file[at] ^= (byte) (1 << random.nextInt(8));
        }
        return file;
    }

    private static byte[] splice(byte[] file, int from, byte[] middle, int to) {
        ByteBuffer result = ByteBuffer.allocate(from + middle.length + file.length - to);
        return result.put(file, 0, from)
                .put(middle)
                .put(file, to, file.length - to)
                .array();
    }

    /** Sets the header's length to what ends at the last brace, so that damage behind it is met. */
    private static void claimRightLength(byte[] file) {
        int end = file.length;
        while (end > Long.BYTES && file[end - 1] != '}') {
            end--;
        }
        if (end > Long.BYTES) {
            ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, end - Long.BYTES);
        }
    }
}
