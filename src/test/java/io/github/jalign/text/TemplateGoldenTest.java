package io.github.jalign.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Jinja2's own renderings, set up as transformers does. */
@Tag("shared")
class TemplateGoldenTest {

    /** A message for what differs, or null. */
    private static String difference(String name, String source, Map<String, Object> variables, Map<?, ?> golden, LocalDateTime now) {
        try {
            String text = ChatTemplate.parse(name, source).render(Map.of(), variables, now).text();
            return text.equals(golden.get("output")) ? null : name + "\n  wrote    " + text + "\n  expected " + golden.get("output") + golden.get("error");
        } catch (JalignException e) {
            return golden.get("error") != null ? null : name + "\n  refused  " + e.getMessage();
        }
    }

    @Test
    void syntaxAndEndToEndCases() throws IOException {
        Map<String, Object> golden = TokenizerGoldenTest.golden("jinja.json.gz");
        LocalDateTime noon = LocalDateTime.of(2025, 7, 10, 12, 0);
        List<String> differences = new ArrayList<>();
        int outputs = 0;
        for (String part : List.of("syntax", "e2e")) {
            for (Map<?, ?> c : TokenizerGoldenTest.maps(golden.get(part))) {
                String difference = difference(
                        (String) c.get("name"),
                        (String) c.get("template"),
                        Json.asObject((Map<?, ?>) c.get("context")),
                        c,
                        noon);
                if (difference != null) {
                    differences.add(difference);
                }
                outputs += c.get("output") != null ? 1 : 0;
            }
        }
        assertEquals("", String.join("\n", differences));
        assertEquals(146 + 29, outputs);
    }

    @Test
    void realTemplatesInSevenContexts() throws IOException {
        Map<String, Object> golden = TokenizerGoldenTest.golden("templates.json.gz");
        LocalDateTime noon = LocalDateTime.of(2026, 1, 31, 12, 0);
        Map<?, ?> contexts = (Map<?, ?>) golden.get("contexts");
        List<String> differences = new ArrayList<>();
        int outputs = 0;
        int errors = 0;
        for (Map.Entry<?, ?> template : ((Map<?, ?>) golden.get("renderings")).entrySet()) {
            String source = Files.readString(TokenizerGoldenTest.DATA.resolve((String) template.getKey()));
            for (Map.Entry<?, ?> rendering : ((Map<?, ?>) template.getValue()).entrySet()) {
                Map<String, Object> variables = new HashMap<>();
                variables.put("tools", null);
                variables.put("documents", null);
                variables.put("add_generation_prompt", false);
                variables.putAll(Json.asObject((Map<?, ?>) golden.get("special_tokens")));
                variables.putAll(Json.asObject((Map<?, ?>) contexts.get(rendering.getKey())));
                Map<?, ?> expected = (Map<?, ?>) rendering.getValue();
                String difference =
                        difference(template.getKey() + " " + rendering.getKey(), source, variables, expected, noon);
                if (difference != null) {
                    differences.add(difference);
                }
                outputs += expected.get("output") != null ? 1 : 0;
                errors += expected.get("error") != null ? 1 : 0;
            }
        }
        assertEquals("", String.join("\n", differences));
        assertEquals(463, outputs);
        assertEquals(41, errors);
    }
}
