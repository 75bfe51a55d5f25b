package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.json.Json;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Text in files from elsewhere: decoded strictly, refused where other readers would refuse it, quoted in errors. */
final class Utf8 {
    private static final int LONGEST_QUOTE = 120;

    private Utf8() {}

    static String decode(String where, byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new JalignException(
                    Kind.INPUT,
                    where,
                    "the text must be UTF-8",
                    "bytes that are not UTF-8",
                    "UTF-8 without errors",
                    "the file is damaged or in another encoding: get it again, or convert it",
                    e);
        }
    }

    /** Refuses what {@link Json} lets through and strict JSON does not: NaN, infinities, halves of surrogate pairs. */
    static void requirePortable(String where, @Nullable Object value) {
        switch (value) {
            case Map<?, ?> map ->
                map.forEach((k, v) -> {
                    requirePortable(where, k);
                    requirePortable(where, v);
                });
            case List<?> list -> list.forEach(v -> requirePortable(where, v));
            case Double d when !Double.isFinite(d) -> throw notPortable(where, "the number " + d);
            case String s
            when !StandardCharsets.UTF_8.newEncoder().canEncode(s) ->
                throw notPortable(where, "half of a surrogate pair in a string");
            case null, default -> {}
        }
    }

    private static JalignException notPortable(String where, String found) {
        return new JalignException(
                Kind.INPUT,
                where,
                "the text must be strict JSON",
                found,
                "finite numbers and whole characters",
                "write the file again with the program that made it");
    }

    /** A value from a file as JSON on one line, cut to a length that fits a message. */
    static String quote(@Nullable Object value) {
        String json = Json.write(value);
        return json.length() <= LONGEST_QUOTE
                ? json
                : json.substring(0, LONGEST_QUOTE) + "… (" + json.length() + " characters)";
    }
}
