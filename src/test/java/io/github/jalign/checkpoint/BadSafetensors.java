package io.github.jalign.checkpoint;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Files that no reader should accept, and every word that jalign says to each. */
final class BadSafetensors {
    private static final String CUT = "the file is cut short or damaged: download or copy it again";
    private static final String AGAIN = "write the file again with the program that made it";
    private static final String ANY_VALUE =
            "JSON String, Number (or 'NaN'/'+INF'/'-INF'), Array, Object or token 'null', 'true' or 'false'";

    private final List<MessageCase> cases = new ArrayList<>();

    private BadSafetensors() {}

    static List<MessageCase> cases() {
        BadSafetensors all = new BadSafetensors();
        all.lengths();
        all.texts();
        all.entries();
        all.numbers();
        all.layouts();
        return all.cases;
    }

    private void lengths() {
        String begins = "a safetensors file begins with the length of its header in 8 bytes";
        file("empty file", new byte[0], begins, "0 bytes", "at least 8 bytes", CUT);
        file("one byte", new byte[1], begins, "1 byte", "at least 8 bytes", CUT);
        file("seven bytes", new byte[7], begins, "7 bytes", "at least 8 bytes", CUT);

        String most = "the header of a safetensors file is at most 100000000 bytes long";
        String sure = "make sure that this is a safetensors file";
        String fits = "a header that fits";
        file("header over the limit", claim(100_000_001, 0), most, "100000001 bytes", fits, sure);
        file("header of 2^63 bytes", claim(Long.MIN_VALUE, 8), most, "9223372036854775808 bytes", fits, sure);
        file("header of 2^64 - 1 bytes", claim(-1, 8), most, "18446744073709551615 bytes", fits, sure);
        file(
                "Git LFS pointer",
                utf8("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1044992\n"),
                most,
                "a Git LFS pointer, not the file itself",
                fits,
                "run git lfs pull in the folder");

        String within = "the header must lie within the file";
        file("16 bytes that claim 99 MB", claim(99_000_000, 8), within,
                "a header of 99000000 bytes in a file of 16", "at most 8 bytes of header", CUT);
        file("header one byte too long", claim(9, 8), within,
                "a header of 9 bytes in a file of 16", "at most 8 bytes of header", CUT);
    }

    private void texts() {
        json("no header at all", "", "the text is empty");
        json("only spaces", "        ", "the text is empty");
        json("no JSON", "hello",
                "Unrecognized token 'hello': was expecting (" + ANY_VALUE + ") (line 1, column 1)");
        json("object not closed", "{\"a\":",
                "Unexpected end-of-input within/between Object entries (line 1, column 6)");
        json("array", "[]", "the document is an array, not an object");
        json("zeros after the object", "{}\0\0", "Illegal character ((CTRL-CHAR, code 0)): only regular white space"
                + " (\\r, \\n, \\t) is allowed between tokens (line 1, column 3)");
        json("two objects", "{}{}", "text follows the first JSON value");
        json("byte order mark", "\ufeff{}", "Unexpected character ('\ufeff' (code 65279 / 0xfeff)):"
                + " expected a valid value (" + ANY_VALUE + ") (line 1, column 1)");
        json("newline in a name", "{\"a\n\":{}}", "Illegal unquoted character ((CTRL-CHAR, code 10)):"
                + " has to be escaped using backslash to be included in name (line 1, column 4)");
        json("a name twice", two("a", "U8", "1", "0,1", "a", "U8", "1", "1,2"),
                "Duplicate Object property \"a\" (line 1, column 57)");
        json("a name twice, once escaped", two("a", "U8", "1", "0,1", "\\u0061", "U8", "1", "1,2"),
                "Duplicate Object property \"a\" (line 1, column 62)");
        json("a field twice", "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
                "Duplicate Object property \"dtype\" (line 1, column 27)");
        json("nested 100000 deep", "[".repeat(100_000), "Document nesting depth (501) exceeds the maximum allowed"
                + " (500, from `StreamReadConstraints.getMaxNestingDepth()`)");
        json("half of a pair in a name", "{\"\\ud800\":{}}", "Broken surrogate pair in property name:"
                + " expected '\\' to start low surrogate, got 0x22 (line 1, column 9)");
        add("not UTF-8", RawSafetensors.file(2, new byte[] {'{', (byte) 0xff}, 0), ": header",
                "the text must be UTF-8", "bytes that are not UTF-8", "UTF-8 without errors",
                "the file is damaged or in another encoding: get it again, or convert it");

        strict("half of a pair in a value", "{\"__metadata__\":{\"a\":\"\\ud800\"}}",
                "half of a surrogate pair in a string");
        strict("NaN", "{\"a\":{\"extra\":NaN}}", "the number NaN");
        strict("number beyond a double", "{\"a\":[1e999]}", "the number Infinity");
    }

    private void entries() {
        header("metadata is a list", "{\"__metadata__\":[]}", 0, ": header",
                "__metadata__ must be an object of strings", "an array", "an object of strings", AGAIN);
        header("metadata holds a number", "{\"__metadata__\":{\"step\":1}}", 0, ": header",
                "__metadata__.step must be a string", "a number", "a string", AGAIN);
        entry("entry is null", "null", 0, "the entry must be an object", "null", "an object", AGAIN);
        entry("entry is a list", "[\"U8\",[1],[0,1]]", 1,
                "the entry must be an object", "an array", "an object", AGAIN);
        entry("no dtype", "{\"shape\":[1],\"data_offsets\":[0,1]}", 1,
                "dtype must be a string", "null", "a string", AGAIN);
        String reads = "dtype must be a type that jalign reads";
        String types = "one of F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL";
        String convert = "convert the file to BF16 or F32 with the program that made it";
        entry("unknown dtype", fields("F8_E4M3", "1", "0,1"), 1, reads, "\"F8_E4M3\"", types, convert);
        entry("dtype in lower case", fields("f32", "1", "0,4"), 4, reads, "\"f32\"", types, convert);
        String array = "an array of whole numbers";
        entry("no shape", "{\"dtype\":\"U8\",\"data_offsets\":[0,1]}", 1,
                "shape must be " + array, "null", array, AGAIN);
        entry("shape is a number", "{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}", 1,
                "shape must be " + array, "a number", array, AGAIN);
        entry("no data_offsets", "{\"dtype\":\"U8\",\"shape\":[1]}", 1,
                "data_offsets must be " + array, "null", array, AGAIN);
        String first = "data_offsets must be the first byte and the one after the last";
        entry("one offset", fields("U8", "1", "0"), 1, first, "[0]", "two numbers", AGAIN);
        entry("three offsets", fields("U8", "1", "0,1,2"), 1, first, "[0, 1, 2]", "two numbers", AGAIN);
    }

    private void numbers() {
        whole("negative dimension", fields("U8", "-1", "0,1"), "shape", "-1");
        whole("dimension with a fraction", fields("U8", "1.0", "0,1"), "shape", "1.0");
        whole("dimension as text", fields("U8", "\"1\"", "0,1"), "shape", "\"1\"");
        whole("dimension true", fields("U8", "true", "0,1"), "shape", "true");
        whole("dimension of 2^63", fields("U8", "9223372036854775808", "0,1"), "shape", "9223372036854775808");
        whole("negative offset", fields("U8", "1", "-1,0"), "data_offsets", "-1");
        whole("offset of 2^64", fields("U8", "1", "0,18446744073709551616"), "data_offsets", "18446744073709551616");

        String fits = "the size of a tensor must fit 63 bits";
        String fewer = "fewer than 9223372036854775808 bytes";
        entry("elements overflow", fields("U8", "4294967296,4294967296", "0,0"), 0,
                fits, "U8 [4294967296, 4294967296]", fewer, AGAIN);
        entry("elements overflow to the right size", fields("U8", "6148914691236517206,3", "0,2"), 2,
                fits, "U8 [6148914691236517206, 3]", fewer, AGAIN);
        entry("bytes overflow", fields("F64", "1152921504606846976", "0,0"), 0,
                fits, "F64 [1152921504606846976]", fewer, AGAIN);
        entry("zero after an overflow", fields("U8", "9223372036854775807,2,0", "0,0"), 0,
                fits, "U8 [9223372036854775807, 2, 0]", fewer, AGAIN);
    }

    private void layouts() {
        String follow = "tensors must follow one another without gap or overlap";
        String b = ": tensor \"b\"";
        entry("gap before the first tensor", fields("U8", "1", "1,2"), 2,
                follow, "bytes 1 to 2", "bytes from 0 on", AGAIN);
        entry("end before begin", fields("U8", "1", "1,0"), 1, follow, "bytes 1 to 0", "bytes from 0 on", AGAIN);
        header("gap between tensors", two("a", "U8", "1", "0,1", "b", "U8", "1", "2,3"), 3, b,
                follow, "bytes 2 to 3", "bytes from 1 on", AGAIN);
        header("overlap", two("a", "U8", "2", "0,2", "b", "U8", "2", "1,3"), 3, b,
                follow, "bytes 1 to 3", "bytes from 2 on", AGAIN);
        header("the same bytes twice", two("a", "U8", "2", "0,2", "b", "U8", "2", "0,2"), 2, b,
                follow, "bytes 0 to 2", "bytes from 2 on", AGAIN);

        String agree = "data_offsets must agree with shape and dtype";
        entry("fewer bytes than the shape", fields("F32", "2,3", "0,20"), 20,
                agree, "20 bytes", "24 bytes for F32 [2, 3]", AGAIN);
        entry("more bytes than the shape", fields("BF16", "3", "0,7"), 7,
                agree, "7 bytes", "6 bytes for BF16 [3]", AGAIN);
        entry("scalar without bytes", fields("F16", "", "0,0"), 0, agree, "0 bytes", "2 bytes for F16 []", AGAIN);
        String nasty = "a\\u0000\\u001b[31m" + "x".repeat(200);
        header("a long name with control characters", "{\"" + nasty + "\":" + fields("U8", "1", "0,2") + "}", 2,
                ": tensor \"a\\u0000\\u001B[31m" + "x".repeat(102) + "… (219 characters)",
                agree, "2 bytes", "1 byte for U8 [1]", AGAIN);

        String end = "the tensors' bytes must end where the file ends";
        String four = "{\"a\":" + fields("F32", "4", "0,16") + "}";
        header("file cut short", four, 15, "", end, "15 bytes after the header", "16 bytes", CUT);
        header("a byte after the last tensor", four, 17, "", end, "17 bytes after the header", "16 bytes", AGAIN);
        header("data without tensors", "{}", 1, "", end, "1 byte after the header", "0 bytes", AGAIN);
    }

    private static String two(
            String a, String typeA, String shapeA, String at, String b, String typeB, String shapeB, String bt) {
        return "{\"%s\":%s,\"%s\":%s}".formatted(a, fields(typeA, shapeA, at), b, fields(typeB, shapeB, bt));
    }

    private static String fields(String dtype, String shape, String offsets) {
        return "{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%s]}".formatted(dtype, shape, offsets);
    }

    private static byte[] claim(long length, int bytes) {
        return RawSafetensors.file(length, new byte[0], bytes);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void json(String name, String header, String found) {
        header(name, header, 0, ": header", "the text must be valid JSON", found, "one JSON value with unique names",
                "correct the file, or make it again with the program that wrote it");
    }

    private void strict(String name, String header, String found) {
        header(name, header, 0, ": header", "the text must be strict JSON", found,
                "finite numbers and whole characters", AGAIN);
    }

    private void whole(String name, String entry, String field, String found) {
        entry(name, entry, 1, field + " must hold whole numbers", found,
                "numbers from 0 to 9223372036854775807", AGAIN);
    }

    private void entry(
            String name, String entry, int data, String rule, String found, String expected, String action) {
        header(name, "{\"a\":" + entry + "}", data, ": tensor \"a\"", rule, found, expected, action);
    }

    private void header(
            String name,
            String header,
            int data,
            String where,
            String rule,
            String found,
            String expected,
            String action) {
        add(name, RawSafetensors.file(header, data), where, rule, found, expected, action);
    }

    private void file(String name, byte[] file, String rule, String found, String expected, String action) {
        add(name, file, "", rule, found, expected, action);
    }

    private void add(
            String name, byte[] file, String where, String rule, String found, String expected, String action) {
        String message = """
                model.safetensors%s: %s
                  found     %s
                  expected  %s
                  do        %s""".formatted(where, rule, found, expected, action);
        cases.add(new MessageCase("safetensors: " + name, () -> RawSafetensors.open(file), Kind.INPUT, message));
    }
}
