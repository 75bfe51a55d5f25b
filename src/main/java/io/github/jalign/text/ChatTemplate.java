package io.github.jalign.text;

import java.time.LocalDateTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A chat template. */
public final class ChatTemplate {
    private final String name;
    private final String source;

    private ChatTemplate(String name, String source) {
        this.name = name;
        this.source = source;
    }

    public static ChatTemplate parse(String name, String source) {
        return new ChatTemplate(name, source);
    }

    public Rendered render(Map<String, @Nullable Object> variables) {
        return render(Map.of(), variables, null);
    }

    public Rendered render(
            Map<String, @Nullable Object> specialTokens,
            Map<String, @Nullable Object> variables,
            @Nullable LocalDateTime now) {
        if (now == null || specialTokens.isEmpty() || variables.isEmpty()) {
            return Rendered.ofData("");
        }
        return Rendered.ofData(source);
    }

    /** How errors call the template. */
    public String name() {
        return name;
    }

    public String source() {
        return source;
    }
}
