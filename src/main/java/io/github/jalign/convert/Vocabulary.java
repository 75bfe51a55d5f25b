package io.github.jalign.convert;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer as GGUF files have it.
 *
 * @param preTokenizer how a byte-level tokenizer cuts texts; null for one in SentencePiece's manner
 * @param tokens by id
 * @param types as many
 * @param merges two tokens with a space between, in the order of their rank; SentencePiece's manner needs none in a file,
 *     they follow from the scores
 * @param scores of SentencePiece's manner, as many as tokens: two neighbours merge first whose merged token has the
 *     highest; empty for a byte-level tokenizer
 * @param addSpacePrefix whether a space is put before a text
 */
record Vocabulary(
        @Nullable PreTokenizer preTokenizer,
        List<String> tokens,
        List<TokenType> types,
        List<String> merges,
        List<Float> scores,
        boolean addBos,
        boolean addEos,
        boolean addSpacePrefix,
        SpecialIds special,
        @Nullable String chatTemplate) {

    /** What a token is; the numbers are llama.cpp's ({@code llama_token_type}). */
    enum TokenType {
        NORMAL(1),
        UNKNOWN(2),
        CONTROL(3),
        /** A word that is looked for in the text before anything else. */
        USER_DEFINED(4),
        /** An id that no text gives. */
        UNUSED(5),
        BYTE(6);

        private final int number;

        TokenType(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }

        /** Null for a number that is none of these. */
        static @Nullable TokenType ofNumber(int number) {
            for (TokenType type : values()) {
                if (type.number == number) {
                    return type;
                }
            }
            return null;
        }
    }

    /** Ids with a meaning, each null where there is none; {@code eot} ends a turn where that is not {@code eos}. */
    record SpecialIds(
            @Nullable Integer bos,
            @Nullable Integer eos,
            @Nullable Integer eot,
            @Nullable Integer unknown,
            @Nullable Integer padding) {}

    boolean byteLevel() {
        return preTokenizer != null;
    }
}
