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
    private static final String FOLLOW = "tensors must follow one another without gap or overlap";
    private static final String AGREE = "data_offsets must agree with shape and dtype";
    private static final String END = "the tensors' bytes must end where the file ends";
    private static final String ONE_VALUE = "one JSON value with unique names";

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
        String json = "the text must be valid JSON";
        String make = "correct the file, or make it again with the program that wrote it";
        header("no header at all", "", 0, ": header", json, "the text is empty", ONE_VALUE, make);
        header("only spaces", "        ", 0, ": header", json, "the text is empty", ONE_VALUE, make);
        header("no JSON", "hello", 0, ": header", json, "Unrecognized token 'hello': was expecting (JSON String, Number (or 'NaN'/'+INF'/'-INF'), Array, Object or token 'null', 'true' or 'false') (line 1, column 1)", ONE_VALUE, make);
        header("object not closed", "{\"a\":", 0, ": header", json, "Unexpected end-of-input within/between Object entries (line 1, column 6)", ONE_VALUE, make);
        header("array", "[]", 0, ": header", json, "the document is an array, not an object", ONE_VALUE, make);
        header("zeros after the object", "{}\0\0", 0, ": header", json, "Illegal character ((CTRL-CHAR, code 0)): only regular white space (\\r, \\n, \\t) is allowed between tokens (line 1, column 3)", ONE_VALUE, make);
        header("two objects", "{}{}", 0, ": header", json, "text follows the first JSON value", ONE_VALUE, make);
        header("byte order mark", "\ufeff{}", 0, ": header", json, "Unexpected character ('\ufeff' (code 65279 / 0xfeff)): expected a valid value (JSON String, Number (or 'NaN'/'+INF'/'-INF'), Array, Object or token 'null', 'true' or 'false') (line 1, column 1)", ONE_VALUE, make);
        header("newline in a name", "{\"a\n\":{}}", 0, ": header", json, "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in name (line 1, column 4)", ONE_VALUE, make);
        header("a name twice", "{" + tensor("a", "U8", "1", "0,1") + "," + tensor("a", "U8", "1", "1,2") + "}", 2,
                ": header", json, "Duplicate Object property \"a\" (line 1, column 57)", ONE_VALUE, make);
        header("a name twice, once escaped", "{" + tensor("a", "U8", "1", "0,1") + "," + tensor("\\u0061", "U8", "1", "1,2") + "}",
                2, ": header", json, "Duplicate Object property \"a\" (line 1, column 62)", ONE_VALUE, make);
        header("a field twice", "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
                ": header", json, "Duplicate Object property \"dtype\" (line 1, column 27)", ONE_VALUE, make);
        header("nested 100000 deep", "[".repeat(100_000), 0, ": header", json, "Document nesting depth (501) exceeds the maximum allowed (500, from `StreamReadConstraints.getMaxNestingDepth()`)", ONE_VALUE, make);
        add("not UTF-8", RawSafetensors.file(2, new byte[] {'{', (byte) 0xff}, 0), ": header",
                "the text must be UTF-8", "bytes that are not UTF-8", "UTF-8 without errors",
                "the file is damaged or in another encoding: get it again, or convert it");

        String strict = "the text must be strict JSON";
        String finite = "finite numbers and whole characters";
        header("NaN", "{\"a\":{\"extra\":NaN}}", 0, ": header", strict, "the number NaN", finite, AGAIN);
        header("number beyond a double", "{\"a\":[1e999]}", 0, ": header", strict, "the number Infinity", finite, AGAIN);
        header("half of a pair in a name", "{\"\\ud800\":{}}", 0, ": header", json,
                "Broken surrogate pair in property name: expected '\\' to start low surrogate, got 0x22 (line 1, column 9)",
                ONE_VALUE, make);
        header("half of a pair in a value", "{\"__metadata__\":{\"a\":\"\\ud800\"}}", 0, ": header", strict,
                "half of a surrogate pair in a string", finite, AGAIN);
    }

    private void entries() {
        header("metadata is a list", "{\"__metadata__\":[]}", 0, ": header",
                "__metadata__ must be an object of strings", "an array", "an object of strings", AGAIN);
        header("metadata holds a number", "{\"__metadata__\":{\"step\":1}}", 0, ": header",
                "__metadata__.step must be a string", "a number", "a string", AGAIN);
        entry("entry is null", "null", 0, "the entry must be an object", "null", "an object", AGAIN);
        entry("entry is a list", "[\"U8\",[1],[0,1]]", 1, "the entry must be an object", "an array", "an object", AGAIN);
        entry("no dtype", "{\"shape\":[1],\"data_offsets\":[0,1]}", 1, "dtype must be a string", "null", "a string", AGAIN);
        String types = "one of F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL";
        String convert = "convert the file to BF16 or F32 with the program that made it";
        String reads = "dtype must be a type that jalign reads";
        entry("unknown dtype", fields("F8_E4M3", "1", "0,1"), 1, reads, "\"F8_E4M3\"", types, convert);
        entry("dtype in lower case", fields("f32", "1", "0,4"), 4, reads, "\"f32\"", types, convert);
        entry("no shape", "{\"dtype\":\"U8\",\"data_offsets\":[0,1]}", 1,
                "shape must be an array of whole numbers", "null", "an array of whole numbers", AGAIN);
        entry("shape is a number", "{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}", 1,
                "shape must be an array of whole numbers", "a number", "an array of whole numbers", AGAIN);
        entry("no data_offsets", "{\"dtype\":\"U8\",\"shape\":[1]}", 1,
                "data_offsets must be an array of whole numbers", "null", "an array of whole numbers", AGAIN);
        String two = "data_offsets must be the first byte and the one after the last";
        entry("one offset", fields("U8", "1", "0"), 1, two, "[0]", "two numbers", AGAIN);
        entry("three offsets", fields("U8", "1", "0,1,2"), 1, two, "[0, 1, 2]", "two numbers", AGAIN);
    }

    private void numbers() {
        String range = "numbers from 0 to 9223372036854775807";
        String shape = "shape must hold whole numbers";
        String offsets = "data_offsets must hold whole numbers";
        entry("negative dimension", fields("U8", "-1", "0,1"), 1, shape, "-1", range, AGAIN);
        entry("dimension with a fraction", fields("U8", "1.0", "0,1"), 1, shape, "1.0", range, AGAIN);
        entry("dimension as text", fields("U8", "\"1\"", "0,1"), 1, shape, "\"1\"", range, AGAIN);
        entry("dimension true", fields("U8", "true", "0,1"), 1, shape, "true", range, AGAIN);
        entry("dimension of 2^63", fields("U8", "9223372036854775808", "0,1"), 1, shape, "9223372036854775808", range, AGAIN);
        entry("negative offset", fields("U8", "1", "-1,0"), 1, offsets, "-1", range, AGAIN);
        entry("offset of 2^64", fields("U8", "1", "0,18446744073709551616"), 1, offsets, "18446744073709551616", range, AGAIN);

        String fits = "the size of a tensor must fit 63 bits";
        String fewer = "fewer than 9223372036854775808 bytes";
        entry("elements overflow", fields("U8", "4294967296,4294967296", "0,0"), 0, fits,
                "U8 [4294967296, 4294967296]", fewer, AGAIN);
        entry("elements overflow to the right size", fields("U8", "6148914691236517206,3", "0,2"), 2, fits,
                "U8 [6148914691236517206, 3]", fewer, AGAIN);
        entry("bytes overflow", fields("F64", "1152921504606846976", "0,0"), 0, fits,
                "F64 [1152921504606846976]", fewer, AGAIN);
        entry("zero after an overflow", fields("U8", "9223372036854775807,2,0", "0,0"), 0, fits,
                "U8 [9223372036854775807, 2, 0]", fewer, AGAIN);
    }

    private void layouts() {
        entry("gap before the first tensor", fields("U8", "1", "1,2"), 2, FOLLOW, "bytes 1 to 2", "bytes from 0 on", AGAIN);
        entry("end before begin", fields("U8", "1", "1,0"), 1, FOLLOW, "bytes 1 to 0", "bytes from 0 on", AGAIN);
        header("gap between tensors", "{" + tensor("a", "U8", "1", "0,1") + "," + tensor("b", "U8", "1", "2,3") + "}", 3,
                ": tensor \"b\"", FOLLOW, "bytes 2 to 3", "bytes from 1 on", AGAIN);
        header("overlap", "{" + tensor("a", "U8", "2", "0,2") + "," + tensor("b", "U8", "2", "1,3") + "}", 3,
                ": tensor \"b\"", FOLLOW, "bytes 1 to 3", "bytes from 2 on", AGAIN);
        header("the same bytes twice", "{" + tensor("a", "U8", "2", "0,2") + "," + tensor("b", "U8", "2", "0,2") + "}", 2,
                ": tensor \"b\"", FOLLOW, "bytes 0 to 2", "bytes from 2 on", AGAIN);
        entry("fewer bytes than the shape", fields("F32", "2,3", "0,20"), 20, AGREE, "20 bytes", "24 bytes for F32 [2, 3]", AGAIN);
        entry("more bytes than the shape", fields("BF16", "3", "0,7"), 7, AGREE, "7 bytes", "6 bytes for BF16 [3]", AGAIN);
        entry("scalar without bytes", fields("F16", "", "0,0"), 0, AGREE, "0 bytes", "2 bytes for F16 []", AGAIN);
        header("file cut short", "{" + tensor("a", "F32", "4", "0,16") + "}", 15, "", END,
                "15 bytes after the header", "16 bytes", CUT);
        header("a byte after the last tensor", "{" + tensor("a", "F32", "4", "0,16") + "}", 17, "", END,
                "17 bytes after the header", "16 bytes", AGAIN);
        header("data without tensors", "{}", 1, "", END, "1 byte after the header", "0 bytes", AGAIN);
        String nasty = "a\\u0000\\u001b[31m" + "x".repeat(200);
        header("a long name with control characters", "{" + tensor(nasty, "U8", "1", "0,2") + "}", 2,
                ": tensor \"a\\u0000\\u001B[31m" + "x".repeat(102) + "… (219 characters)", AGREE,
                "2 bytes", "1 byte for U8 [1]", AGAIN);
    }

    private static String tensor(String name, String dtype, String shape, String offsets) {
        return "\"" + name + "\":" + fields(dtype, shape, offsets);
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

    private void entry(String name, String entry, int data, String rule, String found, String expected, String action) {
        header(name, "{\"a\":" + entry + "}", data, ": tensor \"a\"", rule, found, expected, action);
    }

    private void header(
            String name, String header, int data, String where, String rule, String found, String expected, String action) {
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
