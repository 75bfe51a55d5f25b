package io.github.jalign.data;

import io.github.jalign.data.Example.Chat;
import java.util.List;

/** LLaMA-Factory's pairs in the ShareGPT form: the prompt's turns, and an answer of each kind. */
record ShareGptPairs() implements PreferenceSchema {
    @Override
    public String name() {
        return "LLaMA-Factory ShareGPT pairs";
    }

    @Override
    public List<String> columns() {
        return List.of("conversations", "chosen", "rejected");
    }

    @Override
    public List<Example> ranked(Row row) throws BadRowException {
        return List.of(new Chat(
                ShareGpt.conversation(row, "conversations"),
                List.of(List.of(ShareGpt.turn(row, "chosen")), List.of(ShareGpt.turn(row, "rejected"))),
                row.templateVariables()));
    }
}
