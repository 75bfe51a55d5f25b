package io.github.jalign.data;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns text and conversations into token ids. */
interface Encoder {
    /** The tokenizer's own special tokens are added, as Hugging Face's tokenizers do by default. */
    int[] text(String text) throws BadRowException;

    /** The chat template's rendering; nothing is added to it. */
    int[] chat(
            List<Map<String, @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Map<String, @Nullable Object> variables)
            throws BadRowException;

    /** The text of the token that ends a sequence. */
    String eosToken();

    /** Whether conversations can be rendered. */
    boolean hasTemplate();
}
