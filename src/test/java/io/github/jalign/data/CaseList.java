package io.github.jalign.data;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Collects message cases whose action is to load a file. */
final class CaseList {
    static final String CORRECT_THE_DATA = "correct the data, or leave bad rows out with bad_rows: skip";
    static final String MESSAGE_LIST = "a list of {\"role\": text, \"content\": text}";

    /** Below the build's folder, so that messages are the same everywhere. */
    final Path folder = Path.of("target", "data-messages");

    final List<MessageCase> cases = new ArrayList<>();

    void bad(
            String name,
            String row,
            Task task,
            Consumer<ConfigBuilder> setting,
            String rule,
            String found,
            String expected)
            throws IOException {
        Path file = file(name.replaceAll("\\W+", "-") + ".jsonl", row);
        add(name, file, task, setting, Kind.INPUT, file + ":1: " + rule, found, expected, CORRECT_THE_DATA);
    }

    void add(
            String name,
            Path data,
            Task task,
            Consumer<ConfigBuilder> setting,
            Kind kind,
            String whereAndRule,
            String found,
            String expected,
            String action) {
        cases.add(new MessageCase(
                name,
                () -> {
                    ConfigBuilder config = new ConfigBuilder();
                    setting.accept(config);
                    Dataset.load(config.at(data), task, new Letters());
                },
                kind,
                whereAndRule + "\n  found     " + found + "\n  expected  " + expected + "\n  do        " + action));
    }

    Path file(String name, String... lines) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, String.join("\n", lines));
    }
}
