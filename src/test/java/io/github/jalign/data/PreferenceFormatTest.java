package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.data.Example.Tokens;
import io.github.jalign.json.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PreferenceFormatTest {
    private static final PreferenceFormat PLAIN = new PreferenceFormat(DatasetFormat.AUTO, ImplicitPrompt.TURNS);
    private static final PreferenceFormat TRL = new PreferenceFormat(DatasetFormat.AUTO, ImplicitPrompt.TRL);
    private static final PreferenceFormat MESSAGES =
            new PreferenceFormat(DatasetFormat.MESSAGES, ImplicitPrompt.TURNS);

    private static final String DIALOGUE =
            """
            {"chosen": "\\n\\nHuman: hi\\n\\nAssistant: yes?\\n\\nHuman: go\\n\\nAssistant: I do\\n\\nHuman: ok ",
             "rejected": "\\n\\nHuman: hi\\n\\nAssistant: yes?\\n\\nHuman: go\\n\\nAssistant: I won't"}""";

    @Test
    void textWithAPromptStaysAsItIs() throws BadRowException {
        assertEquals(
                new Text("p ", List.of("c", "r")),
                example(PLAIN, "{\"prompt\": \"p \", \"chosen\": \"c\", \"rejected\": \"r\", \"other\": 1}"));
    }

    @Test
    void hhRlhfTextIsCutAfterTheLastAssistantMarkerThatBothShare() throws BadRowException {
        assertEquals(
                new Text(
                        "\n\nHuman: hi\n\nAssistant: yes?\n\nHuman: go\n\nAssistant:",
                        List.of(" I do\n\nHuman: ok ", " I won't")),
                example(PLAIN, DIALOGUE));
        assertEquals(
                new Text("\n\nHuman: hi\n\nAssistant:", List.of(" a\n\nAssistant: b", " a\n\nAssistant")),
                example(
                        PLAIN,
                        "{\"chosen\": \"\\n\\nHuman: hi\\n\\nAssistant: a\\n\\nAssistant: b\","
                                + " \"rejected\": \"\\n\\nHuman: hi\\n\\nAssistant: a\\n\\nAssistant\"}"));
    }

    @Test
    void trlsRuleCutsInsideTheAnswer() throws BadRowException {
        assertEquals(
                new Text(
                        "\n\nHuman: hi\n\nAssistant: yes?\n\nHuman: go\n\nAssistant: I",
                        List.of(" do\n\nHuman: ok ", " won't")),
                example(TRL, DIALOGUE));
    }

    @Test
    void messagesFormatWrapsTextIntoTurns() throws BadRowException {
        assertEquals(
                chat("[{\"role\":\"user\",\"content\":\"p\"}]", assistant("c"), assistant("r")),
                example(MESSAGES, "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}"));
    }

    @Test
    void messagesFormatCutsHhRlhfTextIntoItsTurnsWhateverTheImplicitPrompt() throws BadRowException {
        Chat expected = chat(
                "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"yes?\"},"
                        + "{\"role\":\"user\",\"content\":\"go\"}]",
                "[{\"role\":\"assistant\",\"content\":\"I do\"},{\"role\":\"user\",\"content\":\"ok\"}]",
                assistant("I won't"));
        assertEquals(expected, example(MESSAGES, DIALOGUE));
        assertEquals(
                expected, example(new PreferenceFormat(DatasetFormat.MESSAGES, ImplicitPrompt.TRL), DIALOGUE));
    }

    @Test
    void messagesFormatReadsAnHhRlhfPromptWithOrWithoutTheMarkerAtItsEnd() throws BadRowException {
        Chat expected = chat("[{\"role\":\"user\",\"content\":\"hi\"}]", assistant("c"), assistant("r"));
        assertEquals(
                expected,
                example(
                        MESSAGES,
                        "{\"prompt\": \"\\n\\nHuman: hi\\n\\nAssistant:\", \"chosen\": \" c\", \"rejected\": \" r\"}"));
        assertEquals(
                expected,
                example(MESSAGES, "{\"prompt\": \"\\n\\nHuman: hi\", \"chosen\": \"c\", \"rejected\": \"r\"}"));
    }

    @Test
    void messageListsKeepTheirPromptOrShareIt() throws BadRowException {
        String user = "{\"role\":\"user\",\"content\":\"p\"}";
        Chat expected = chat("[" + user + "]", assistant("c"), assistant("r"));
        assertEquals(
                expected,
                example(
                        PLAIN,
                        "{\"prompt\": [%s], \"chosen\": %s, \"rejected\": %s}"
                                .formatted(user, assistant("c"), assistant("r"))));
        String whole = "{\"chosen\": [%s, %s], \"rejected\": [%s, %s]%s}";
        String c = assistant("c").substring(1, assistant("c").length() - 1);
        String r = assistant("r").substring(1, assistant("r").length() - 1);
        assertEquals(expected, example(PLAIN, whole.formatted(user, c, user, r, "")));
        assertEquals(
                expected,
                example(PLAIN, whole.formatted(user, c, user, r, ", \"prompt\": \"p, as UltraFeedback repeats it\"")));
        assertEquals(
                expected,
                example(
                        PLAIN,
                        "{\"prompt\": \"p\", \"chosen\": %s, \"rejected\": %s}"
                                .formatted(assistant("c"), assistant("r"))));
    }

    @Test
    void toolsAndTemplateVariablesTravelWithTheRow() throws BadRowException {
        String row = "{\"prompt\": [{\"role\":\"user\",\"content\":\"p\"}], \"chosen\": %s, \"rejected\": %s, \"tools\": %s,"
                + " \"chat_template_kwargs\": {\"enable_thinking\": false}}";
        for (String tools : List.of("[{\"name\": \"f\"}]", "\"[{\\\"name\\\": \\\"f\\\"}]\"")) {
            Chat chat = (Chat) example(PLAIN, row.formatted(assistant("c"), assistant("r"), tools));
            assertEquals(
                    Map.of("tools", List.of(Map.of("name", "f")), "enable_thinking", false), chat.variables());
        }
        Chat chat = (Chat) example(PLAIN, row.formatted(assistant("c"), assistant("r"), "null"));
        assertEquals(Map.of("enable_thinking", false), chat.variables());
    }

    @Test
    void tokenIdsNeedNoText() throws BadRowException {
        Tokens tokens = (Tokens) example(
                PLAIN, "{\"prompt_ids\": [], \"chosen_ids\": [3, 0], \"rejected_ids\": [2147483647]}");
        assertArrayEquals(new int[0], tokens.prompt());
        assertArrayEquals(new int[] {3, 0}, tokens.completions().get(0).ids());
        assertArrayEquals(new int[] {2147483647}, tokens.completions().get(1).ids());
    }

    /** A column of the same name as TRL's gives way, and one that another format reads decides nothing. */
    @Test
    void theRecipeMayNameTheColumns() throws BadRowException {
        RowFormat own = new RenamedColumns(Map.of("prompt", "q", "chosen", "good", "rejected", "bad"), PLAIN);
        assertEquals(
                new Text("p", List.of("c", "r")),
                example(own, "{\"prompt\": 1, \"prompt_ids\": [1], \"q\": \"p\", \"good\": \"c\", \"bad\": \"r\"}"));
        RowFormat pairs = new RenamedColumns(Map.of("chosen", "good", "rejected", "bad"), PLAIN);
        String user = "{\"role\":\"user\",\"content\":\"p\"}";
        Chat chat = (Chat) example(
                pairs,
                "{\"good\": [%1$s, %1$s], \"bad\": [%1$s, %1$s], \"prompt\": 1, \"tools\": [{\"name\": \"f\"}]}".formatted(user));
        assertEquals(Map.of("tools", List.of(Map.of("name", "f"))), chat.variables());
        assertEquals(1, chat.completions().getFirst().size());
    }

    static Example example(RowFormat format, String json) throws BadRowException {
        return format.read(new Row(Json.parseObject("row", json))).examples().getFirst();
    }

    static String assistant(String text) {
        return "[{\"role\":\"assistant\",\"content\":\"" + text + "\"}]";
    }

    @SuppressWarnings("unchecked")
    private static Chat chat(String prompt, String chosen, String rejected) {
        return new Chat(
                (List<Map<String, Object>>) Json.parse("p", prompt),
                List.of(
                        (List<Map<String, Object>>) Json.parse("c", chosen),
                        (List<Map<String, Object>>) Json.parse("r", rejected)),
                Map.of());
    }
}
