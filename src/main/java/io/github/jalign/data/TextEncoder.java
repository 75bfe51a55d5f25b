package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's own tokenizer and template. Either may be missing as long as no row needs it.
 *
 * @param specialTokensInText whether a special token's text inside a message is that token
 */
record TextEncoder(@Nullable Tokenizer tokenizer, @Nullable ChatFormat format, boolean specialTokensInText)
        implements Encoder {

    @Override
    public int[] text(String text) {
        return tokenizer("text").encode(text, true);
    }

    @Override
    public int[] chat(
            List<Map<String, @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Map<String, @Nullable Object> variables)
            throws BadRowException {
        if (format == null) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    "chat_template",
                    "messages need a chat template",
                    "a model without one",
                    "a template in the model's folder or in the recipe",
                    "set chat_template, or use rows of plain text");
        }
        Tokenizer tokenizer = tokenizer("messages");
        try {
            return tokenizer.encode(format.render(messages, addGenerationPrompt, variables), specialTokensInText);
        } catch (JalignException e) {
            throw new BadRowException("the chat template must accept the messages", e, "messages as the template wants");
        }
    }

    @Override
    public String eosToken() {
        String eos = tokenizer("text").eosToken();
        if (eos == null) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    "tokenizer_config.json",
                    "plain text ends with the tokenizer's end token",
                    "no eos_token",
                    "the text of a special token",
                    "add eos_token, or use messages, which their template ends");
        }
        return eos;
    }

    @Override
    public boolean hasTemplate() {
        return format != null;
    }

    private Tokenizer tokenizer(String rows) {
        if (tokenizer == null) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    "tokenizer.json",
                    "rows of " + rows + " need a tokenizer",
                    "a model without one",
                    "tokenizer.json in the model's folder, or rows of token ids",
                    "add the tokenizer, or tokenise the rows before");
        }
        return tokenizer;
    }
}
