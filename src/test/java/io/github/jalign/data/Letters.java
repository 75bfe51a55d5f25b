package io.github.jalign.data;

import io.github.jalign.json.Json;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer and template that a reader can run in the head: a letter is its code point, except that "th" is the one
 * token {@link #TH}; text begins with {@link #BOS} and ends with "$"; messages read {@code [user]hi$}.
 */
final class Letters implements Encoder {
    static final int BOS = 1;
    static final int TH = 2;

    @Override
    public int[] text(String text) {
        return IntStream.concat(IntStream.of(BOS), IntStream.of(ids(text))).toArray();
    }

    @Override
    public int[] chat(
            List<Map<String, @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Map<String, @Nullable Object> variables) {
        StringBuilder text = new StringBuilder();
        if (variables.containsKey("tools")) {
            text.append("[tools]").append(Json.write(variables.get("tools")));
        }
        for (Map<String, @Nullable Object> message : messages) {
            text.append('[').append(message.get("role")).append(']').append(message.get("content")).append('$');
        }
        return ids(text.append(addGenerationPrompt ? "[assistant]" : "").toString());
    }

    @Override
    public String eosToken() {
        return "$";
    }

    @Override
    public boolean hasTemplate() {
        return true;
    }

    static int[] ids(String text) {
        return text.replace("th", "" + (char) TH).codePoints().toArray();
    }

    static String text(int[] ids) {
        return new String(ids, 0, ids.length).replace("" + (char) TH, "th").replace("" + (char) BOS, "^");
    }
}
