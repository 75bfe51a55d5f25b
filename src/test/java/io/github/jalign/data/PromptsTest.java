package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PromptsTest {
    @TempDir
    Path folder;

    private Path file(String name, String... lines) throws IOException {
        return Files.writeString(folder.resolve(name), String.join("\n", lines));
    }

    private List<Prompt> read(String name, String... lines) throws IOException {
        return Prompts.read(file(name, lines).toString(), "train", false);
    }

    private static Map<String, Object> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }

    /** Texts as they are, messages as role and content. */
    private static Object asked(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text text -> text.text();
            case Prompt.Chat chat -> chat.messages();
        };
    }

    @Test
    void aTextFileHasAPromptALine() throws IOException {
        List<Prompt> prompts = read("prompts.txt", "one", "", "   ", " two {\"prompt\": 1}");
        assertEquals(List.of("one", " two {\"prompt\": 1}"), prompts.stream().map(PromptsTest::asked).toList());
        assertEquals(folder.resolve("prompts.txt") + ":4", prompts.getLast().row().toString());
        assertEquals(Map.of("prompt", "one"), prompts.getFirst().columns());
    }

    @Test
    void rowsHaveAPromptMessagesOrTwoAnswers() throws IOException {
        List<Prompt> prompts = read(
                "rows.jsonl",
                "{\"prompt\": \"as text\", \"chosen\": \"x\", \"rejected\": \"y\"}",
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"assistant\", \"content\": \"be\"}]}",
                "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"}, {\"role\": \"user\", \"content\": \"q\"},"
                        + " {\"role\": \"assistant\", \"content\": \"a\"}], \"tools\": [{\"name\": \"f\"}]}",
                "{\"chosen\": \"\\n\\nHuman: hh?\\n\\nAssistant: x\", \"rejected\": \"\\n\\nHuman: hh?\\n\\nAssistant: y\"}",
                "{\"instruction\": \"argilla\", \"chosen_response\": \"x\", \"rejected_response\": \"y\"}",
                "{\"system\": \"\", \"question\": \"orca\", \"chosen\": \"x\", \"rejected\": \"y\"}");
        assertEquals(
                List.of(
                        "as text",
                        List.of(message("user", "q"), message("assistant", "be")),
                        List.of(message("system", "s"), message("user", "q")),
                        List.of(message("user", "hh?")),
                        List.of(message("user", "argilla")),
                        List.of(message("user", "orca"))),
                prompts.stream().map(PromptsTest::asked).toList());
        assertEquals(
                Map.of("tools", List.of(Map.of("name", "f"))), ((Prompt.Chat) prompts.get(2)).variables());
    }

    @Test
    void rawTextStaysText() throws IOException {
        Path file = file(
                "hh.jsonl",
                "{\"chosen\": \"\\n\\nHuman: hh?\\n\\nAssistant: x\", \"rejected\": \"\\n\\nHuman: hh?\\n\\nAssistant: y\"}");
        assertEquals(
                List.of("\n\nHuman: hh?\n\nAssistant:"),
                Prompts.read(file.toString(), "train", true).stream().map(PromptsTest::asked).toList());
    }

    @Test
    void splitsAndSlices() throws IOException {
        file("train-00000-of-00002.jsonl", "{\"prompt\": \"a\"}", "{\"prompt\": \"b\"}");
        file("train-00001-of-00002.jsonl", "{\"prompt\": \"c\"}", "{\"prompt\": \"d\"}");
        file("test.jsonl", "{\"prompt\": \"e\"}");
        assertEquals(List.of("b", "c"), texts("train[1:3]"));
        assertEquals(List.of("d"), texts("train[-1:]"));
        assertEquals(List.of("e", "a"), texts("test+train[:25%]"));
    }

    private List<Object> texts(String split) {
        return Prompts.read(folder.toString(), split, false).stream().map(PromptsTest::asked).toList();
    }

    @Test
    void whatIsNoPromptIsExplained() throws IOException {
        refused(
                "none.jsonl",
                "{\"text\": \"x\"}",
                """
                FILE:1: a row must have a prompt
                  found     columns text
                  expected  prompt, messages, or the columns of preference rows
                  do        correct the row, or leave it out""");
        refused(
                "answers.jsonl",
                "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}]}",
                """
                FILE:1: messages must hold a question
                  found     the assistant's messages alone
                  expected  a message of another role
                  do        correct the row, or leave it out""");
        refused(
                "ids.jsonl",
                "{\"prompt_ids\": [1], \"chosen_ids\": [2], \"rejected_ids\": [3]}",
                """
                FILE:1: a prompt is text or messages
                  found     token ids
                  expected  prompt, messages, or the columns of preference rows
                  do        correct the row, or leave it out""");
        refused(
                "blank.txt",
                " \n\n",
                """
                FILE: there must be a prompt
                  found     none
                  expected  lines of text, or rows of JSON with prompt, messages, or the columns of preference rows
                  do        check the file and the split""");
    }

    private void refused(String name, String text, String message) throws IOException {
        Path file = file(name, text);
        JalignException e =
                assertThrows(JalignException.class, () -> Prompts.read(file.toString(), "train", false));
        assertEquals(message.replace("FILE", file.toString()), e.getMessage());
        assertEquals(JalignException.Kind.INPUT, e.kind());
    }
}
