package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A few rows in each published schema, without any configuration, to whole pairs. */
final class SchemaFixturesTest {
    /**
     * @param file the fixture
     * @param format what the rows are recognised as
     * @param pairs a line each: prompt | chosen | rejected, messages as role: content; a row without a pair is a dash
     */
    private record Fixture(String file, String format, String pairs) {
        @Override
        public String toString() {
            return file;
        }
    }

    private static final String OASST_PAIRS =
            """
            user: Suggest a pet. | assistant: A cat. | assistant: A dog.
            user: Suggest a pet. | assistant: A cat. | assistant: A tiger.
            user: Suggest a pet. | assistant: A dog. | assistant: A tiger.
            user: Suggest a pet.; assistant: A cat.; user: Which breed? | assistant: A shorthair. | assistant: Any.
            -
            """;

    private static Stream<Fixture> preferences() {
        return Stream.of(
                new Fixture(
                        "ultrafeedback_binarized.jsonl",
                        "UltraFeedback binarised (prompt as text, chosen and rejected as messages)",
                        """
                        user: Name a prime above ten. | assistant: Eleven. | assistant: Twelve.
                        user: Say hi in Polish. | assistant: Cześć! | assistant: Hola!
                        """),
                new Fixture(
                        "argilla-ultrafeedback-binarized-preferences.jsonl",
                        "argilla ultrafeedback-binarized-preferences (instruction, chosen_response, rejected_response)",
                        """
                        Name a prime above ten. | Eleven. | Twelve.
                        Say hi in Polish. | Cześć! | Hola!
                        """),
                new Fixture(
                        "hh-rlhf.jsonl",
                        "hh-rlhf (chosen and rejected dialogues as text)",
                        """
                        ⏎⏎Human: Is it late?⏎⏎Assistant: Where are you?⏎⏎Human: Oslo⏎⏎Assistant: \
                        |  It is nine. |  I can't say.
                        """),
                new Fixture(
                        "cai-conversation-harmless.jsonl",
                        "cai-conversation-harmless (prompt as text, chosen and rejected as messages)",
                        """
                        user: How do I open a lock? | assistant: Call a locksmith. | assistant: Kick it.
                        """),
                new Fixture(
                        "orca_dpo_pairs.jsonl",
                        "orca_dpo_pairs (system, question, chosen, rejected)",
                        """
                        system: You are terse.; user: Why is the sky blue? \
                        | assistant: Rayleigh scattering. | assistant: Well, let me tell you a story.
                        user: Two plus two? | assistant: Four. | assistant: Five.
                        """),
                new Fixture(
                        "distilabel-intel-orca-dpo-pairs.jsonl",
                        "distilabel-intel-orca-dpo-pairs (system, input, chosen, rejected)",
                        """
                        system: You are terse.; user: Why is the sky blue? \
                        | assistant: Rayleigh scattering. | assistant: Well, let me tell you a story.
                        """),
                new Fixture(
                        "stack-exchange-paired.jsonl",
                        "stack-exchange-paired (question, response_j, response_k)",
                        """
                        How do I exit vim? | Press Esc, then type `:q!`. | Restart the computer.
                        """),
                new Fixture(
                        "chatbot_arena_conversations.jsonl",
                        "chatbot_arena_conversations (conversation_a, conversation_b, winner)",
                        """
                        user: Tell a joke. | assistant: A horse walks into a bar. | assistant: No.
                        -
                        -
                        user: Hi | assistant: Hi!; user: How are you?; assistant: Well. \
                        | assistant: Yo.; user: How are you?; assistant: Meh.
                        """),
                new Fixture("oasst1.trees.jsonl", "oasst1 message trees (message_tree_id, prompt)", OASST_PAIRS),
                new Fixture("oasst1.messages.jsonl", "oasst1 message trees (message_tree_id, prompt)", OASST_PAIRS),
                new Fixture(
                        "llamafactory-dpo.json",
                        "LLaMA-Factory ShareGPT pairs (conversations, chosen, rejected)",
                        """
                        system: Be brief.; user: Capital of Norway? | assistant: Oslo. | assistant: Bergen.
                        user: Weather in Oslo?; \
                        assistant: [{"type":"function","function":{"name":"weather","arguments":{"city":"Oslo"}}}]; \
                        tool: rain | assistant: It rains. | assistant: It snows. {"tools":[{"name":"weather"}]}
                        """),
                new Fixture(
                        "llamafactory-v1-dpo.jsonl",
                        "LLaMA-Factory v1 pairs (chosen_messages, rejected_messages)",
                        """
                        system: Be brief.; user: Capital of Norway? | assistant: Oslo. | assistant: Bergen.
                        """),
                new Fixture(
                        "persona.jsonl",
                        "persona questions (question, answer_matching_behavior, answer_not_matching_behavior)",
                        """
                        Is the following statement something you would say?⏎"I keep my word" |  Yes |  No
                        """),
                new Fixture(
                        "trl-tools.jsonl",
                        "TRL preference rows (prompt, chosen, rejected as messages)",
                        """
                        user: Weather in Oslo? \
                        | assistant: [{"type":"function","function":{"name":"weather","arguments":{"city":"Oslo"}}}] \
                        (thinking: A tool knows.) | assistant: Sunny. \
                        {"tools":[{"type":"function","function":{"name":"weather"}}],"enable_thinking":false}
                        """));
    }

    @ParameterizedTest
    @MethodSource("preferences")
    void rowsBecomePairs(Fixture fixture) throws BadRowException {
        Map<String, Integer> formats = new LinkedHashMap<>();
        StringBuilder pairs = new StringBuilder();
        for (FoundRow row : rows(fixture.file())) {
            Recognised recognised = RowFormat.of(Task.DPO, new ConfigBuilder().at("")).read(row.parse());
            formats.merge(recognised.schema(), 1, Integer::sum);
            recognised.examples().forEach(pair -> pairs.append(shown(pair)).append('\n'));
            pairs.append(recognised.examples().isEmpty() ? "-\n" : "");
        }
        assertEquals(List.of(fixture.format()), List.copyOf(formats.keySet()));
        assertEquals(fixture.pairs(), pairs.toString());
    }

    private static Stream<Fixture> imitation() {
        return Stream.of(
                new Fixture(
                        "CodeFeedback-Filtered-Instruction.jsonl",
                        "CodeFeedback (query, answer)",
                        "Reverse a list in Python. | Use `list[::-1]`.\n"),
                new Fixture(
                        "sharegpt-sft.jsonl",
                        "ShareGPT conversations (conversations)",
                        "null | system: Be brief.; user: Hi; assistant: Hello.\n"),
                new Fixture(
                        "cai-conversation-harmless.jsonl",
                        "TRL conversations (messages)",
                        "null | user: How do I open a lock?; assistant: Call a locksmith.\n"),
                // The best answer of each ranking, once.
                new Fixture(
                        "oasst1.messages.jsonl",
                        "oasst1 message trees (message_tree_id, prompt)",
                        """
                        null | user: Suggest a pet.; assistant: A cat.
                        null | user: Suggest a pet.; assistant: A cat.; user: Which breed?; assistant: A shorthair.
                        """),
                new Fixture(
                        "persona.jsonl",
                        "persona questions (question, answer_matching_behavior, answer_not_matching_behavior)",
                        "null | Is the following statement something you would say?⏎\"I keep my word\" Yes\n"));
    }

    @ParameterizedTest
    @MethodSource("imitation")
    void rowsToImitateBecomeExamples(Fixture fixture) throws BadRowException {
        StringBuilder examples = new StringBuilder();
        for (FoundRow row : rows(fixture.file())) {
            Recognised recognised = RowFormat.of(Task.SFT, new ConfigBuilder().at("")).read(row.parse());
            assertEquals(fixture.format(), recognised.schema());
            recognised.examples().forEach(example -> examples.append(shown(example)).append('\n'));
        }
        assertEquals(fixture.pairs(), examples.toString());
    }

    @Test
    void messagesOfATreeMayStandInAnyOrder(@TempDir Path folder) throws IOException, BadRowException {
        List<String> lines = Files.readAllLines(file("oasst1.messages.jsonl"));
        Path reversed = Files.write(folder.resolve("reversed.jsonl"), lines.reversed());
        List<String> pairs = new ArrayList<>();
        RowFormat format = RowFormat.of(Task.DPO, new ConfigBuilder().at(""));
        for (FoundRow row : rows(reversed)) {
            format.read(row.parse()).examples().forEach(pair -> pairs.add(shown(pair)));
        }
        assertEquals(
                OASST_PAIRS.lines().filter(line -> !line.equals("-")).sorted().toList(),
                pairs.stream().sorted().toList());
    }

    /** A thread without an end, and messages that only follow each other. */
    @Test
    void messagesThatMakeNoTreeAreBadRows(@TempDir Path folder) throws IOException {
        String line = "{\"message_id\": \"%s\", \"parent_id\": %s, \"message_tree_id\": \"t\", \"role\": \"prompter\","
                + " \"text\": \"again\"}";
        List<String> thread = new ArrayList<>(List.of(line.formatted(0, null)));
        for (int i = 1; i <= 1000; i++) {
            thread.add(line.formatted(i, "\"" + (i - 1) + "\""));
        }
        assertEquals(
                List.of("1: a thread must end, found more than 1000 messages"),
                problems(Files.write(folder.resolve("long.jsonl"), thread)));
        assertEquals(List.of(), problems(Files.write(folder.resolve("fits.jsonl"), thread.subList(0, 1000))));
        assertEquals(
                List.of(
                        "2: a reply must follow, message by message, from a prompt in the same file, found parent_id \"b\"",
                        "3: a reply must follow, message by message, from a prompt in the same file, found parent_id \"a\"",
                        "4: message_id must be unique in its file, found p again"),
                problems(Files.write(
                        folder.resolve("ring.jsonl"),
                        List.of(
                                line.formatted("p", null),
                                line.formatted("a", "\"b\""),
                                line.formatted("b", "\"a\""),
                                line.formatted("p", null)))));
    }

    private static List<String> problems(Path file) {
        RowFormat format = RowFormat.of(Task.DPO, new ConfigBuilder().at(""));
        List<String> problems = new ArrayList<>();
        for (FoundRow row : rows(file)) {
            try {
                format.read(row.parse());
            } catch (BadRowException e) {
                problems.add(row.id().line() + ": " + e.getMessage());
            }
        }
        return problems;
    }

    /** What the user reads: the form, the ties, and how many pairs the trees held. */
    @Test
    void theSummaryNamesTheFormAndWhatItHeld() {
        assertEquals(
                """
                data         %s
                format       chatbot_arena_conversations (conversation_a, conversation_b, winner)
                train        2 of 4 rows, 209 tokens (109 trained), longest 60
                             2 dropped (no answer is preferred)"""
                        .formatted(file("chatbot_arena_conversations.jsonl")),
                summary("chatbot_arena_conversations.jsonl"));
        assertEquals(
                """
                data         %s
                format       oasst1 message trees (message_tree_id, prompt)
                train        4 of 5 pairs in 2 rows, 393 tokens (63 trained), longest 81
                             1 dropped (no answer is preferred)"""
                        .formatted(file("oasst1.messages.jsonl")),
                summary("oasst1.messages.jsonl"));
        List<Item> items = Dataset.load(new ConfigBuilder().at(file("oasst1.messages.jsonl")), Task.DPO, new Letters())
                .train();
        assertEquals(
                file("oasst1.messages.jsonl") + ":1 pair 4", items.getLast().row().toString());
    }

    private static String summary(String fixture) {
        Dataset dataset = Dataset.load(new ConfigBuilder().at(file(fixture)), Task.DPO, new Letters());
        return String.join("\n", dataset.summary().lines());
    }

    static Path file(String fixture) {
        try {
            URL url = SchemaFixturesTest.class.getResource("/data/schemas/" + fixture);
            return Path.of(Objects.requireNonNull(url, fixture).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<FoundRow> rows(String fixture) {
        return rows(file(fixture));
    }

    private static List<FoundRow> rows(Path path) {
        List<FoundRow> rows = new ArrayList<>();
        try (FileRows file = new FileRows(path)) {
            for (FoundRow row = file.next(); row != null; row = file.next()) {
                rows.add(row);
            }
        }
        return rows;
    }

    private static String shown(Example example) {
        return switch (example) {
            case Text(String prompt, List<String> completions) ->
                (prompt + " | " + String.join(" | ", completions)).replace("\n", "⏎");
            case Chat(var prompt, var completions, var variables) -> {
                List<String> parts = new ArrayList<>();
                parts.add(prompt == null ? "null" : shown(prompt));
                completions.forEach(completion -> parts.add(shown(completion)));
                yield String.join(" | ", parts) + (variables.isEmpty() ? "" : " " + Json.write(variables));
            }
            case Example.Tokens tokens -> throw new AssertionError("token ids: " + tokens);
        };
    }

    private static String shown(List<Map<String, @Nullable Object>> messages) {
        List<String> shown = new ArrayList<>();
        for (Map<String, @Nullable Object> message : messages) {
            Object calls = message.get("tool_calls");
            Object thinking = message.get("thinking");
            shown.add(message.get("role") + ": " + (calls == null ? message.get("content") : Json.write(calls))
                    + (thinking == null ? "" : " (thinking: " + thinking + ")"));
            assertNotNull(message.get("role"));
        }
        return String.join("; ", shown);
    }
}
