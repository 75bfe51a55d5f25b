package io.github.jalign.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ChatFormatTest {

    static ChatFormat format(String template) {
        return new ChatFormat(
                ChatTemplate.parse("chat.jinja", template), Map.of("eos_token", "</s>"), LocalDate.of(2026, 1, 31));
    }

    private static Map<String, @Nullable Object> answer(Object content) {
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("role", "assistant");
        message.put("content", content);
        return message;
    }

    @Test
    void fieldsThatAreNullAreLeftOut() {
        Map<String, @Nullable Object> message = answer("a");
        message.put("tool_calls", null);
        ChatFormat format = format("{% for m in messages %}{{ m.tool_calls is defined }}{% endfor %}");
        assertEquals("False", format.render(List.of(message), false, Map.of()).text());
    }

    @Test
    void reasoningHasTwoNamesWhicheverIsGiven() {
        ChatFormat format = format("{{ messages[0].reasoning_content }} {{ messages[0].thinking }}");
        for (String name : List.of("reasoning_content", "thinking", "reasoning")) {
            Map<String, @Nullable Object> message = answer("a");
            message.put(name, "hm");
            assertEquals("hm hm", format.render(List.of(message), false, Map.of()).text(), name);
        }
    }

    @Test
    void variablesGoBeforeSpecialTokensAndAreData() {
        ChatFormat format = format("{{ eos_token }}{{ tools is none }}{{ add_generation_prompt }}");
        Rendered own = format.render(List.of(answer("a")), true, Map.of());
        assertEquals("</s>TrueTrue", own.text());
        assertEquals(4, own.data().getFirst().from());
        Rendered given = format.render(List.of(answer("a")), true, Map.of("eos_token", "x"));
        assertEquals("xTrueTrue", given.text());
        assertEquals(0, given.data().getFirst().from());
    }

    @Test
    void theTemplatesDayIsTheGivenOne() {
        ChatFormat format = format("{{ strftime_now('%d %b %Y %H') }}");
        assertEquals("31 Jan 2026 12", format.render(List.of(answer("a")), false, Map.of()).text());
    }

    @Test
    void aContinuedMessageEndsWhereItsTextEnds() {
        ChatFormat plain = format("{% for m in messages %}[{{ m.content }}]{{ eos_token }}{% endfor %}");
        Rendered open = plain.renderContinuing(List.of(answer("q"), answer("a b ")), Map.of());
        assertEquals("[q]</s>[a b ", open.text());
        assertEquals(List.of(new Span(1, 2), new Span(8, 12)), open.data());
        ChatFormat trimming = format("{% for m in messages %}[{{ m.content | trim }}]{{ eos_token }}{% endfor %}");
        assertEquals("[a b", trimming.renderContinuing(List.of(answer("a b ")), Map.of()).text());
        ChatFormat parts = format("{% for p in messages[0].content %}{{ p.text }}{% endfor %}!");
        Map<String, @Nullable Object> inParts = answer(List.of(Map.of("text", "a"), Map.of("text", "b")));
        assertEquals("ab", parts.renderContinuing(List.of(inParts), Map.of()).text());
    }
}
