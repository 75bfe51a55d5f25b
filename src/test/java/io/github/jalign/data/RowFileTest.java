package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RowFileTest {
    @TempDir
    private Path folder;

    @Test
    void linesAreRowsAndBlankLinesOnlyCount() throws IOException {
        assertEquals(
                List.of("2 {\"a\": 1}", "4 {\"a\": 2}", "5 no JSON"),
                rows("\n{\"a\": 1}\n \t\n{\"a\": 2}\nno JSON".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void carriageReturnsAndAByteOrderMarkDoNoHarm() throws IOException, BadRowException {
        Path file = file("\uFEFF{\"a\": \"é\"}\r\n{\"a\": \"b\"}\r\n".getBytes(StandardCharsets.UTF_8));
        try (RowFile rows = new RowFile(file)) {
            assertEquals(Map.of("a", "é"), next(rows).parse().columns());
            assertEquals(Map.of("a", "b"), next(rows).parse().columns());
            assertNull(rows.next());
        }
    }

    @Test
    void elementsOfAnArrayAreRows() throws IOException {
        assertEquals(
                List.of("1 {\"a\": [1, {}]}", "2 {\"]\": \"\\\"],[\\\\\"}", "3 7"),
                rows(" \n[\n{\"a\": [1, {}]},{\"]\": \"\\\"],[\\\\\"},7]\n ".getBytes(StandardCharsets.UTF_8)));
        assertEquals(List.of(), rows("[ ]".getBytes(StandardCharsets.UTF_8)));
        assertEquals(List.of(), rows(new byte[0]));
    }

    @Test
    void gzipIsRecognisedByItsContentAndMayHaveSeveralMembers() throws IOException {
        ByteArrayOutputStream members = new ByteArrayOutputStream();
        members.writeBytes(gzip("{\"a\": 1}\n{\"a\""));
        members.writeBytes(gzip(": 2}\n"));
        assertEquals(List.of("1 {\"a\": 1}", "2 {\"a\": 2}"), rows(members.toByteArray()));
        assertEquals(List.of("1 {}"), rows(gzip("[{}]")));
    }

    @Test
    void rowsMayBeLongerThanTheBuffer() throws IOException {
        String first = "{\"a\": \"" + "x".repeat(200_001) + "\"}";
        String second = "{\"a\": \"" + "é".repeat(70_000) + "\"}";
        assertEquals(
                List.of("1 " + first, "2 " + second),
                rows((first + "\n" + second).getBytes(StandardCharsets.UTF_8)));
        assertEquals(
                List.of("1 " + first, "2 " + second),
                rows(("[" + first + "," + second + "]").getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void cuttingAnArrayFindsTheValuesThatParsingTheWholeFinds() throws IOException {
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            List<@Nullable Object> values = new ArrayList<>();
            for (int j = random.nextInt(5); j >= 0; j--) {
                values.add(value(random, 4));
            }
            String text = i % 2 == 0 ? Json.write(values) : Json.writePretty(values, i % 3);
            List<@Nullable Object> found = new ArrayList<>();
            try (RowFile rows = new RowFile(file(text.getBytes(StandardCharsets.UTF_8)))) {
                for (RawRow row = rows.next(); row != null; row = rows.next()) {
                    assertTrue(row.id().element());
                    found.add(Json.parse("row", new String(row.bytes(), StandardCharsets.UTF_8)));
                }
            }
            assertEquals(Json.parse("whole", text), found, text);
        }
    }

    private static @Nullable Object value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> random.nextLong();
            case 1 -> null;
            case 2 -> random.nextBoolean();
            case 3 -> random.nextDouble();
            case 4 -> {
                String letters = "a\"\\[]{},:\n é😀";
                StringBuilder text = new StringBuilder();
                for (int i = random.nextInt(9); i > 0; i--) {
                    text.appendCodePoint(letters.codePoints()
                            .skip(random.nextInt(12))
                            .findFirst()
                            .orElseThrow());
                }
                yield text.toString();
            }
            case 5 -> {
                List<@Nullable Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(value(random, depth - 1));
                }
                yield list;
            }
            default -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    map.put("{k\"" + i, value(random, depth - 1));
                }
                yield map;
            }
        };
    }

    private List<String> rows(byte[] content) throws IOException {
        List<String> found = new ArrayList<>();
        try (RowFile rows = new RowFile(file(content))) {
            for (RawRow row = rows.next(); row != null; row = rows.next()) {
                found.add(row.id().line() + " " + new String(row.bytes(), StandardCharsets.UTF_8));
            }
        }
        return found;
    }

    private static RawRow next(RowFile rows) {
        RawRow row = rows.next();
        if (row == null) {
            throw new AssertionError("no further row");
        }
        return row;
    }

    private Path file(byte[] content) throws IOException {
        return Files.write(folder.resolve("rows"), content);
    }

    static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }
}
