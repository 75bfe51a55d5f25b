package io.github.jalign.checkpoint;

import static io.github.jalign.checkpoint.RawGguf.ARRAY;
import static io.github.jalign.checkpoint.RawGguf.BOOL;
import static io.github.jalign.checkpoint.RawGguf.FLOAT32;
import static io.github.jalign.checkpoint.RawGguf.INT32;
import static io.github.jalign.checkpoint.RawGguf.STRING;
import static io.github.jalign.checkpoint.RawGguf.UINT32;
import static io.github.jalign.checkpoint.RawGguf.UINT64;
import static io.github.jalign.checkpoint.RawGguf.UINT8;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** GGUF files that no reader should accept, and every word that jalign says to each. */
final class BadGguf {
    private static final String CUT = "the file is cut short or damaged: download or copy it again";
    private static final String AGAIN = "write the file again with the program that made it";
    private static final String SURE = "make sure that this is a GGUF file";
    private static final int F32 = 0;
    private static final int Q4_0 = 2;
    private static final int Q8_0 = 8;

    private final List<MessageCase> cases = new ArrayList<>();

    private BadGguf() {}

    static List<MessageCase> cases() {
        BadGguf all = new BadGguf();
        all.beginnings();
        all.counts();
        all.keys();
        all.arrays();
        all.alignments();
        all.tensors();
        all.layouts();
        all.questions();
        return all.cases;
    }

    /** Checks every case in a small heap; see {@link GgufTest}. */
    public static void main(String[] args) {
        cases().forEach(MessageCase::check);
        System.out.println(cases().size() + " files refused");
    }

    private void beginnings() {
        String magic = "a GGUF file begins with the letters GGUF";
        add("empty file", new RawGguf(), "", magic, "an empty file", "GGUF", SURE);
        add("three bytes", new RawGguf().ascii("GGU"), "", magic, "bytes [71, 71, 85]", "GGUF", SURE);
        add("another format", new RawGguf().ascii("ggml----"), "", magic, "bytes [103, 103, 109, 108]", "GGUF", SURE);
        add("Git LFS pointer", new RawGguf().ascii("version https://git-lfs.github.com/spec/v1\nsize 9\n"), "", magic,
                "a Git LFS pointer, not the file itself", "GGUF", "run git lfs pull in the folder");
        add("no version", new RawGguf().ascii("GGUF"), "", "the version must lie within the file",
                "4 bytes at byte 4 of 4", "at most 0 bytes", CUT);

        String version = "the version of a GGUF file must be one that jalign reads";
        String reads = "version 2 or 3, little endian";
        String convert = "convert the model again with a current llama.cpp on a little-endian machine";
        add("version 0", RawGguf.of(0, 0, 0), "", version, "version 0", reads, convert);
        add("version 1", RawGguf.of(1, 0, 0), "", version, "version 1", reads, convert);
        add("version 4", RawGguf.of(4, 0, 0), "", version, "version 4", reads, SURE);
        add("version 2^32 - 1", RawGguf.of(-1, 0, 0), "", version, "version 4294967295", reads, convert);
        add("big endian", RawGguf.of(Integer.reverseBytes(3), 0, 0), "", version,
                "a big-endian file of version 3", reads, convert);
    }

    private void counts() {
        add("no counts", new RawGguf().ascii("GGUF").int4(3), "", "the number of tensors must lie within the file",
                "8 bytes at byte 8 of 8", "at most 0 bytes", CUT);
        String most = "a GGUF file holds at most 65536 ";
        String fits = "a number that fits";
        add("2^64 - 1 tensors", RawGguf.of(-1, 0), "", most + "tensors", "18446744073709551615 tensors", fits, AGAIN);
        add("2^63 - 1 tensors", RawGguf.of(Long.MAX_VALUE, 0), "", most + "tensors",
                "9223372036854775807 tensors", fits, AGAIN);
        add("65537 keys", RawGguf.of(0, 65_537), "", most + "keys", "65537 keys", fits, AGAIN);
        add("a key that is not there", RawGguf.of(0, 1), ": key 0", "the length of the name must lie within the file",
                "8 bytes at byte 24 of 24", "at most 0 bytes", CUT);
        add("65536 keys in no bytes", RawGguf.of(0, 65_536), ": key 0",
                "the length of the name must lie within the file", "8 bytes at byte 24 of 24", "at most 0 bytes", CUT);
        add("a tensor that is not there", RawGguf.of(1, 0), ": tensor 0",
                "the length of the name must lie within the file", "8 bytes at byte 24 of 24", "at most 0 bytes", CUT);
    }

    private void keys() {
        String long16 = "the name is at most 65535 bytes long";
        add("name of 2^64 - 1 bytes", RawGguf.of(0, 1).int8(-1).zeros(8), ": key 0", long16,
                "18446744073709551615 bytes", "a string that fits", AGAIN);
        add("name of 65536 bytes", RawGguf.of(0, 1).int8(65_536).zeros(8), ": key 0", long16,
                "65536 bytes", "a string that fits", AGAIN);
        add("name beyond the file", RawGguf.of(0, 1).int8(9).zeros(8), ": key 0", "the name must lie within the file",
                "9 bytes at byte 32 of 40", "at most 8 bytes", CUT);
        add("name of no bytes", RawGguf.of(0, 1).key("", UINT8).int1(0), ": key 0", "a key must have a name",
                "an empty one", "a name", AGAIN);
        add("name that is not UTF-8", RawGguf.of(0, 1).int8(1).int1(0xff).int4(UINT8).int1(0), ": key 0",
                "the text must be UTF-8", "bytes that are not UTF-8", "UTF-8 without errors",
                "the file is damaged or in another encoding: get it again, or convert it");
        add("a key twice", RawGguf.of(0, 2).key("a", UINT8).int1(1).key("a", UINT32).int4(1), ": key \"a\"",
                "a key must stand once", "two of that name", "unique keys", AGAIN);
        String type = "the type of a value must be one of the format's";
        add("value of type 13", RawGguf.of(0, 1).key("a", 13).zeros(8), ": key \"a\"", type,
                "type number 13", "a number from 0 to 12", AGAIN);
        add("value of type -1", RawGguf.of(0, 1).key("a", -1).zeros(8), ": key \"a\"", type,
                "type number 4294967295", "a number from 0 to 12", AGAIN);
        add("no type", RawGguf.of(0, 1).string("a").int2(0), ": key \"a\"", "the type must lie within the file",
                "4 bytes at byte 33 of 35", "at most 2 bytes", CUT);
        add("half a value", RawGguf.of(0, 1).key("a", UINT64).int4(0), ": key \"a\"",
                "the value must lie within the file", "8 bytes at byte 37 of 41", "at most 4 bytes", CUT);
        add("string of 2^24 + 1 bytes", RawGguf.of(0, 1).key("a", STRING).int8(16_777_217).zeros(4), ": key \"a\"",
                "the value is at most 16777216 bytes long", "16777217 bytes", "a string that fits", AGAIN);
        add("string beyond the file", RawGguf.of(0, 1).key("a", STRING).int8(16_777_216).zeros(4), ": key \"a\"",
                "the value must lie within the file", "16777216 bytes at byte 45 of 49", "at most 4 bytes", CUT);
    }

    private void arrays() {
        String within = "an array must lie within the file";
        add("array of arrays", array(ARRAY, 1).int4(UINT8).int8(1).int1(0), ": key \"a\"",
                "an array must hold plain values", "an array of arrays", "an array of numbers, flags or strings", AGAIN);
        add("array of type 99", array(99, 1).zeros(8), ": key \"a\"",
                "the type of a value must be one of the format's", "type number 99", "a number from 0 to 12", AGAIN);
        add("bomb of 49 bytes", array(UINT8, 1L << 30), ": key \"a\"", within,
                "1073741824 elements of type UINT8, with 0 bytes left", "at most 0 elements", CUT);
        add("array of 2^64 - 1 elements", array(UINT64, -1).zeros(64), ": key \"a\"", within,
                "18446744073709551615 elements of type UINT64, with 64 bytes left", "at most 8 elements", CUT);
        add("array whose size overflows", array(UINT64, 1L << 61).zeros(64), ": key \"a\"", within,
                "2305843009213693952 elements of type UINT64, with 64 bytes left", "at most 8 elements", CUT);
        add("strings that cannot all be there", array(STRING, 9).zeros(64), ": key \"a\"", within,
                "9 elements of type STRING, with 64 bytes left", "at most 8 elements", CUT);
        add("string in an array beyond the file", array(STRING, 2).int8(0).int8(1), ": key \"a\"",
                "element 1 must lie within the file", "1 bytes at byte 65 of 65", "at most 0 bytes", CUT);
        add("string of 2^63 bytes in an array", array(STRING, 1).int8(Long.MIN_VALUE), ": key \"a\"",
                "element 0 is at most 16777216 bytes long", "9223372036854775808 bytes", "a string that fits", AGAIN);
    }

    private static RawGguf array(int element, long count) {
        return RawGguf.of(0, 1).key("a", ARRAY).int4(element).int8(count);
    }

    private void alignments() {
        String where = ": key \"general.alignment\"";
        add("alignment of another type", RawGguf.of(0, 1).key("general.alignment", UINT64).int8(32), where,
                "the alignment must be of type UINT32", "UINT64", "UINT32", AGAIN);
        for (String alignment : List.of("0", "4", "48", "131072", "2147483648", "4294967295")) {
            add("alignment " + alignment,
                    RawGguf.of(0, 1).key("general.alignment", UINT32).int4(Integer.parseUnsignedInt(alignment)),
                    where, "the alignment must be a power of two", alignment, "a power of two from 8 to 65536", AGAIN);
        }
    }

    private void tensors() {
        add("tensor name of 64 bytes", RawGguf.of(1, 0).tensor("n".repeat(64), F32, 0, 1), ": tensor 0",
                "the name is at most 63 bytes long", "64 bytes", "a string that fits", AGAIN);
        add("tensor name of no bytes", RawGguf.of(1, 0).tensor("", F32, 0, 1).pad().zeros(4), ": tensor 0",
                "a tensor must have a name", "an empty one", "a name", AGAIN);
        String dimensions = "a tensor has 1 to 4 dimensions";
        add("no dimension", RawGguf.of(1, 0).tensor("t", F32, 0), T, dimensions, "0", "1 to 4", AGAIN);
        add("five dimensions", RawGguf.of(1, 0).tensor("t", F32, 0, 1, 1, 1, 1, 1), T, dimensions, "5", "1 to 4", AGAIN);
        add("2^32 - 1 dimensions", RawGguf.of(1, 0).string("t").int4(-1).zeros(64), T, dimensions,
                "4294967295", "1 to 4", AGAIN);
        String least = "a dimension must be at least 1";
        String range = "a number from 1 to 9223372036854775807";
        add("dimension of 0", RawGguf.of(1, 0).tensor("t", F32, 0, 4, 0), T, least, "0", range, AGAIN);
        add("dimension of 2^63", RawGguf.of(1, 0).tensor("t", F32, 0, Long.MIN_VALUE), T, least,
                "9223372036854775808", range, AGAIN);
        add("dimension that is cut off", RawGguf.of(1, 0).string("t").int4(2).int8(1).int4(1), T,
                "dimension 1 must lie within the file", "8 bytes at byte 45 of 49", "at most 4 bytes", CUT);
        String types = "a tensor's type must be one that jalign reads";
        String one = "one of F32 F16 BF16 Q8_0 Q4_0 Q4_1";
        String quantise = "convert or quantise the model to one of those types with llama.cpp";
        add("type Q4_K", RawGguf.of(1, 0).tensor("t", 12, 0, 256), T, types, "Q4_K", one, quantise);
        add("type Q6_K", RawGguf.of(1, 0).tensor("t", 14, 0, 256), T, types, "Q6_K", one, quantise);
        add("type IQ4_XS", RawGguf.of(1, 0).tensor("t", 23, 0, 256), T, types, "IQ4_XS", one, quantise);
        add("type MXFP4", RawGguf.of(1, 0).tensor("t", 39, 0, 32), T, types, "MXFP4", one, quantise);
        add("a type given up", RawGguf.of(1, 0).tensor("t", 31, 0, 32), T, types, "type number 31", one, quantise);
        add("type 2^32 - 1", RawGguf.of(1, 0).tensor("t", -1, 0, 32), T, types, "type number 4294967295", one, quantise);
        String blocks = "a row must hold whole blocks";
        add("half a block", RawGguf.of(1, 0).tensor("t", Q4_0, 0, 48, 2), T, blocks,
                "48 elements of type Q4_0", "a multiple of 32", AGAIN);
        add("one element of Q8_0", RawGguf.of(1, 0).tensor("t", Q8_0, 0, 1), T, blocks,
                "1 elements of type Q8_0", "a multiple of 32", AGAIN);
        String fits = "a tensor must fit a file";
        String most = "at most 140737488355327 bytes";
        add("2^64 elements", RawGguf.of(1, 0).tensor("t", F32, 0, 1L << 32, 1L << 32), T, fits,
                "F32 [4294967296, 4294967296]", most, AGAIN);
        add("2^62 elements of 4 bytes", RawGguf.of(1, 0).tensor("t", F32, 0, 1L << 62), T, fits,
                "F32 [4611686018427387904]", most, AGAIN);
        add("2^48 bytes", RawGguf.of(1, 0).tensor("t", F32, 0, 1L << 46), T, fits, "F32 [70368744177664]", most, AGAIN);
    }

    private static final String T = ": tensor \"t\"";

    private void layouts() {
        String follow = "tensors must follow one another, each at the next multiple of the alignment";
        add("a gap before the first", RawGguf.of(1, 0).tensor("t", F32, 32, 1).pad().zeros(64), T, follow,
                "offset 32", "offset 0", AGAIN);
        add("offset 2^64 - 32", RawGguf.of(1, 0).tensor("t", F32, -32, 1).pad().zeros(64), T, follow,
                "offset 18446744073709551584", "offset 0", AGAIN);
        add("overlap", RawGguf.of(2, 0).tensor("s", F32, 0, 9).tensor("t", F32, 32, 1).pad().zeros(128), T, follow,
                "offset 32", "offset 64", AGAIN);
        add("not aligned", RawGguf.of(2, 0).tensor("s", F32, 0, 1).tensor("t", F32, 4, 1).pad().zeros(64), T, follow,
                "offset 4", "offset 32", AGAIN);
        add("a tensor twice", RawGguf.of(2, 0).tensor("t", F32, 0, 1).tensor("t", F32, 32, 1).pad().zeros(64), T,
                "a tensor's name must stand once", "two tensors of that name", "unique names", AGAIN);
        String within = "a tensor must lie within the file";
        add("tensor past the end", RawGguf.of(1, 0).tensor("t", F32, 0, 8).pad().zeros(31), T, within,
                "bytes up to 32 of 31 after the header", "a file of at least 96 bytes", CUT);
        add("no data at all", RawGguf.of(1, 0).tensor("t", F32, 0, 1), T, within,
                "bytes up to 4 of 0 after the header", "a file of at least 68 bytes", CUT);
        add("a terabyte claimed", RawGguf.of(1, 0).tensor("t", F32, 0, 1L << 38).pad().zeros(32), T, within,
                "bytes up to 1099511627776 of 32 after the header", "a file of at least 1099511627840 bytes", CUT);
    }

    /** Files that are right by themselves, asked for what they do not hold. */
    private void questions() {
        ask("a flag asked for as text", RawGguf.of(0, 1).key("a", BOOL).int1(1), keys -> keys.text("a"),
                "the value must be a string", "type BOOL", "a string");
        ask("text asked for as a number", RawGguf.of(0, 1).key("a", STRING).string("1"), keys -> keys.number("a"),
                "the value must be a whole number", "type STRING", "a whole number");
        ask("a fraction asked for as a whole number", RawGguf.of(0, 1).key("a", FLOAT32).int4(0),
                keys -> keys.whole("a"), "the value must be a whole number", "type FLOAT32", "a whole number");
        ask("a number asked for as a flag", RawGguf.of(0, 1).key("a", UINT8).int1(1), keys -> keys.flag("a"),
                "the value must be true or false", "type UINT8", "true or false");
        ask("an array asked for as one number", array(UINT32, 1).int4(1), keys -> keys.whole("a"),
                "the value must be a whole number", "an array of type UINT32", "a whole number");
        ask("one string asked for as an array", RawGguf.of(0, 1).key("a", STRING).string("x"), keys -> keys.texts("a"),
                "the value must be an array of strings", "type STRING", "an array of strings");
        ask("bytes asked for as scores", array(UINT8, 4).int4(0), keys -> keys.numbers("a"),
                "the value must be an array of numbers of type FLOAT32", "an array of type UINT8",
                "an array of numbers of type FLOAT32");
        ask("fractions asked for as token types", array(FLOAT32, 1).int4(0), keys -> keys.wholes("a"),
                "the value must be an array of whole numbers of 32 bits", "an array of type FLOAT32",
                "an array of whole numbers of 32 bits");
        ask("2^63 asked for as a whole number", RawGguf.of(0, 1).key("a", UINT64).int8(Long.MIN_VALUE),
                keys -> keys.whole("a"), "a whole number must fit 63 bits", "9223372036854775808",
                "at most 9223372036854775807");
        add("text that is not UTF-8", RawGguf.of(0, 1).key("a", STRING).int8(1).int1(0x80),
                file -> file.keys().text("a"), ": key \"a\"", "the text must be UTF-8", "bytes that are not UTF-8",
                "UTF-8 without errors", "the file is damaged or in another encoding: get it again, or convert it");
        add("a token that is not UTF-8", array(STRING, 2).string("é").int8(1).int1(0xc3),
                file -> file.keys().texts("a"), ": key \"a\", element 1", "the text must be UTF-8",
                "bytes that are not UTF-8", "UTF-8 without errors",
                "the file is damaged or in another encoding: get it again, or convert it");
        add("an array of 2^20 + 1 elements", array(INT32, (1 << 20) + 1).zeros(4 * ((1 << 20) + 1)),
                file -> file.keys().wholes("a"), ": key \"a\"", "an array holds at most 1048576 elements",
                "1048577 elements", "the vocabulary of a model",
                "make sure that this is a GGUF file of a language model");
        add("a tensor that the file has not", RawGguf.of(0, 0), file -> file.entry("output.weight"), "",
                "the file must hold the tensor \"output.weight\"", "0 tensors, none of that name",
                "a tensor of exactly that name", "make sure that the file holds a whole model");
    }

    private void ask(
            String name, RawGguf file, Consumer<GgufKeys> question, String rule, String found, String expected) {
        add(name, file, gguf -> question.accept(gguf.keys()), ": key \"a\"", rule, found, expected, AGAIN);
    }

    private void add(
            String name, RawGguf file, String where, String rule, String found, String expected, String action) {
        add(name, file, gguf -> {}, where, rule, found, expected, action);
    }

    private void add(
            String name,
            RawGguf file,
            Consumer<Gguf> question,
            String where,
            String rule,
            String found,
            String expected,
            String action) {
        String message = """
                model.gguf%s: %s
                  found     %s
                  expected  %s
                  do        %s""".formatted(where, rule, found, expected, action);
        byte[] bytes = file.bytes();
        cases.add(new MessageCase(
                "gguf: " + name, () -> question.accept(RawGguf.open(bytes)), Kind.INPUT, message));
    }
}
