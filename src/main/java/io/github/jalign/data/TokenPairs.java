package io.github.jalign.data;

import io.github.jalign.data.Example.Tokens;
import java.util.List;

/** Token ids made elsewhere: {@code prompt_ids}, {@code chosen_ids}, {@code rejected_ids}. */
record TokenPairs() implements PreferenceSchema {
    @Override
    public String name() {
        return "token ids";
    }

    @Override
    public List<String> columns() {
        return List.of("prompt_ids", "chosen_ids", "rejected_ids");
    }

    @Override
    public boolean matches(Row row) {
        return columns().stream().anyMatch(row::has);
    }

    @Override
    public List<Example> ranked(Row row) throws BadRowException {
        int[] prompt = row.ids("prompt_ids");
        return List.of(new Tokens(prompt, List.of(completion(row, "chosen_ids"), completion(row, "rejected_ids"))));
    }

    static Completion completion(Row row, String column) throws BadRowException {
        int[] ids = row.ids(column);
        if (ids.length == 0) {
            throw new BadRowException(column + " must hold at least one token", "an empty list", "token ids");
        }
        return new Completion(ids, null);
    }
}
