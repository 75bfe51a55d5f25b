package io.github.jalign.data;

import io.github.jalign.data.Example.Text;
import java.util.List;

/** A prompt and two answers as text, under a data set's own names. */
record NamedColumns(String name, String prompt, String chosen, String rejected) implements PreferenceSchema {
    @Override
    public List<String> columns() {
        return List.of(prompt, chosen, rejected);
    }

    @Override
    public List<Example> ranked(Row row) throws BadRowException {
        return List.of(new Text(row.text(prompt), List.of(row.text(chosen), row.text(rejected))));
    }
}
