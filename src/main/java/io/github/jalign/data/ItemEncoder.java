package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Items from conversations that stand in no file, tokenised and split as rows of one are. Threads may share it.
 */
public final class ItemEncoder {
    private final Tokenization tokenization;

    /** @param format renders conversations with the tokenizer's special tokens */
    public ItemEncoder(Tokenizer tokenizer, ChatFormat format) {
        this.tokenization = new Tokenization(new TextEncoder(tokenizer, format, false), null, null);
    }

    /**
     * A prompt and what may follow it.
     *
     * @param where names the item in errors and in {@link Item#row}
     * @param prompt messages, at least one
     * @param completions each the messages that follow the prompt
     * @throws JalignException of kind INPUT when the template refuses a conversation, or a completion has no token
     */
    public Item chat(
            RowId where,
            List<Map<String, @Nullable Object>> prompt,
            List<List<Map<String, @Nullable Object>>> completions) {
        try {
            @Nullable Item item = tokenization
                    .outcome(where, new Example.Chat(prompt, completions, Map.of()))
                    .item();
            if (item == null) {
                throw new BadRowException("every completion must have a token", "none after the prompt", "messages with text");
            }
            return item;
        } catch (BadRowException e) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    where.toString(),
                    e.rule(),
                    e.found(),
                    e.expected(),
                    "correct the messages",
                    e);
        }
    }
}
