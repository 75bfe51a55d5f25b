package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;

/** The bytes of a row, not yet known to be UTF-8 or JSON. */
record RawRow(RowId id, byte[] bytes) implements FoundRow {
    @Override
    public Row parse() throws BadRowException {
        String text = decode();
        Object value;
        try {
            value = Json.parse(id.toString(), text);
        } catch (JalignException e) {
            throw new BadRowException("a row must be valid JSON", e, "one JSON object with unique names");
        }
        if (value instanceof Map<?, ?> map) {
            return new Row(Json.asObject(map));
        }
        throw new BadRowException("a row must be a JSON object", Json.kind(value), "an object whose names are the columns");
    }

    private String decode() throws BadRowException {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
        if (result.isError()) {
            throw new BadRowException(
                    "a row must be valid UTF-8",
                    "0x" + HexFormat.of().toHexDigits(bytes[in.position()]) + " at byte " + (in.position() + 1) + " of the row",
                    "text in UTF-8");
        }
        return out.flip().toString();
    }
}
