package io.github.jalign.data;

import java.util.List;

/**
 * chatbot_arena_conversations: two models' conversations, and a human's vote. A tie, and its form for two bad answers,
 * prefers neither. The prompt is the messages that both share.
 */
record ArenaBattles() implements PreferenceSchema {
    @Override
    public String name() {
        return "chatbot_arena_conversations";
    }

    @Override
    public List<String> columns() {
        return List.of("conversation_a", "conversation_b", "winner");
    }

    @Override
    public List<Example> ranked(Row row) throws BadRowException {
        return switch (row.text("winner")) {
            case "model_a" -> pair(row, "conversation_a", "conversation_b");
            case "model_b" -> pair(row, "conversation_b", "conversation_a");
            case "tie", "tie (bothbad)" -> List.of();
            default -> throw new BadRowException(
                    "winner must name the better conversation",
                    row.text("winner"),
                    "model_a, model_b, tie or tie (bothbad)");
        };
    }

    private static List<Example> pair(Row row, String winner, String loser) throws BadRowException {
        return List.of(Prefix.chat(
                "conversation_a and conversation_b",
                row.messages(winner),
                row.messages(loser),
                row.templateVariables()));
    }
}
