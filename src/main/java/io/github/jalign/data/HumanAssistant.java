package io.github.jalign.data;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text form of dialogues in Anthropic's hh-rlhf: turns that begin with {@code "\n\nHuman:"} or
 * {@code "\n\nAssistant:"}.
 */
final class HumanAssistant {
    private static final String HUMAN = "\n\nHuman:";
    private static final String ASSISTANT = "\n\nAssistant:";
    private static final Pattern TURN = Pattern.compile(HUMAN + "|" + ASSISTANT);

    private HumanAssistant() {}

    static boolean matches(String text) {
        return text.startsWith(HUMAN);
    }

    /** The end of the last {@code "\n\nAssistant:"} that both dialogues share, −1 if there is none. */
    static int promptEnd(String chosen, String rejected) {
        int common = 0;
        int shorter = Math.min(chosen.length(), rejected.length());
        while (common < shorter && chosen.charAt(common) == rejected.charAt(common)) {
            common++;
        }
        int turn = chosen.lastIndexOf(ASSISTANT, common - ASSISTANT.length());
        return turn < 0 ? -1 : turn + ASSISTANT.length();
    }

    /**
     * Text as messages: a dialogue's turns, without the white space around them; otherwise a user's message and an
     * assistant's.
     *
     * @throws BadRowException when the text is neither
     */
    static Chat chat(Text text, Map<String, @Nullable Object> variables) throws BadRowException {
        String prompt = text.prompt();
        if (prompt == null) {
            String whole = text.completions().getFirst();
            if (!matches(whole)) {
                throw new BadRowException(
                        "dataset_format: messages needs text with turns",
                        "text without a prompt that does not begin with \"\\n\\nHuman:\"",
                        "prompt and completion, or hh-rlhf text");
            }
            return new Chat(null, List.of(messages(whole)), variables);
        }
        if (!matches(prompt)) {
            return new Chat(
                    List.of(message("user", prompt)),
                    text.completions().stream()
                            .map(completion -> List.of(message("assistant", completion)))
                            .toList(),
                    variables);
        }
        String turns = prompt.endsWith(ASSISTANT) ? prompt.substring(0, prompt.length() - ASSISTANT.length()) : prompt;
        return new Chat(
                messages(turns),
                text.completions().stream()
                        .map(completion -> messages(ASSISTANT + completion))
                        .toList(),
                variables);
    }

    /** The text begins with a marker. */
    private static List<Map<String, @Nullable Object>> messages(String dialogue) {
        List<Map<String, @Nullable Object>> messages = new ArrayList<>();
        Matcher turn = TURN.matcher(dialogue);
        boolean more = turn.find();
        while (more) {
            String role = turn.group().equals(HUMAN) ? "user" : "assistant";
            int start = turn.end();
            more = turn.find();
            messages.add(message(role, dialogue.substring(start, more ? turn.start() : dialogue.length()).strip()));
        }
        return messages;
    }

    static Map<String, @Nullable Object> message(String role, String content) {
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }
}
