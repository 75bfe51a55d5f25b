package io.github.jalign.data;

import static io.github.jalign.data.PreferenceFormatTest.assistant;
import static io.github.jalign.data.PreferenceFormatTest.example;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.data.Example.Tokens;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SftFormatTest {
    private static final String USER = "{\"role\":\"user\",\"content\":\"p\"}";

    @Test
    void aCompletionIsTrainedAloneUnlessTheRecipeSaysOtherwise() throws BadRowException {
        String row = "{\"prompt\": \"p\", \"completion\": \"c\"}";
        assertEquals(new Text("p", List.of("c")), example(format(null), row));
        assertEquals(new Text("p", List.of("c")), example(format(true), row));
        assertEquals(text("pc"), example(format(false), row));
        String chat = "{\"prompt\": [%s], \"completion\": %s}".formatted(USER, assistant("c"));
        assertEquals("[{role=user, content=p}] + [{role=assistant, content=c}]", shown(example(format(null), chat)));
        assertEquals("[{role=user, content=p}, {role=assistant, content=c}]", shown(example(format(false), chat)));
        String ids = "{\"prompt_ids\": [7, 8], \"completion_ids\": [9]}";
        assertEquals("[7, 8] + [9]", shown(example(format(null), ids)));
        assertEquals("[7, 8, 9]", shown(example(format(false), ids)));
    }

    @Test
    void aPreferenceRowTrainsThePromptWithChosenUnlessTheRecipeSaysOtherwise() throws BadRowException {
        String row = "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}";
        assertEquals(text("pc"), example(format(null), row));
        assertEquals(text("pc"), example(format(null), "{\"prompt\": \"p\", \"chosen\": \"c\"}"));
        assertEquals(new Text("p", List.of("c")), example(format(true), row));
        assertEquals(
                "[{role=user, content=p}, {role=assistant, content=c}]",
                shown(example(messages(null), row)));
        assertEquals(
                "[{role=user, content=p}] + [{role=assistant, content=c}]",
                shown(example(messages(true), row)));
        String ids = "{\"prompt_ids\": [7, 8], \"chosen_ids\": [9], \"rejected_ids\": [1]}";
        assertEquals("[7, 8, 9]", shown(example(format(null), ids)));
        assertEquals("[7, 8] + [9]", shown(example(format(true), ids)));
    }

    @Test
    void conversationsAndTextAreTrainedWhole() throws BadRowException {
        assertEquals(text("t"), example(format(null), "{\"text\": \"t\"}"));
        assertEquals("[{role=user, content=p}]", shown(example(format(null), "{\"messages\": [" + USER + "]}")));
        assertEquals(
                "[{role=user, content=a}, {role=assistant, content=b}]",
                shown(example(messages(null), "{\"text\": \"\\n\\nHuman: a\\n\\nAssistant: b\"}")));
    }

    @Test
    void labelsAndMasksSayWhichIdsAreTrained() throws BadRowException {
        assertArrayEquals(
                new boolean[] {false, true, false},
                trained(example(format(null), "{\"input_ids\": [5, 6, 7], \"labels\": [-100, 6, -100]}")));
        String masked = "{\"input_ids\": [5, 6, 7], \"completion_mask\": [0, 1, 1]}";
        assertArrayEquals(new boolean[] {false, true, true}, trained(example(format(null), masked)));
        assertNull(trained(example(format(false), masked)));
        assertNull(trained(example(format(null), "{\"input_ids\": [5, 6, 7]}")));
    }

    private static SftFormat format(@Nullable Boolean completionOnly) {
        return new SftFormat(
                DatasetFormat.AUTO, completionOnly, new PreferenceFormat(DatasetFormat.AUTO, ImplicitPrompt.TURNS));
    }

    private static SftFormat messages(@Nullable Boolean completionOnly) {
        return new SftFormat(
                DatasetFormat.MESSAGES,
                completionOnly,
                new PreferenceFormat(DatasetFormat.MESSAGES, ImplicitPrompt.TURNS));
    }

    private static Text text(String whole) {
        return new Text(null, List.of(whole));
    }

    private static boolean @Nullable [] trained(Example example) {
        return assertInstanceOf(Tokens.class, example).completions().getFirst().trained();
    }

    /** The prompt, if there is one, and the only completion. */
    private static String shown(Example example) {
        return switch (example) {
            case Chat(var prompt, var completions, var variables) -> {
                assertEquals(1, completions.size());
                assertNotNull(variables);
                yield (prompt == null ? "" : prompt + " + ") + completions.getFirst();
            }
            case Tokens(int[] prompt, List<Completion> completions) -> {
                assertEquals(1, completions.size());
                yield (prompt.length == 0 ? "" : Arrays.toString(prompt) + " + ")
                        + Arrays.toString(completions.getFirst().ids());
            }
            case Text text -> text.toString();
        };
    }
}
