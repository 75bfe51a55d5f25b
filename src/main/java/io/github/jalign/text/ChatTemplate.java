package io.github.jalign.text;

import io.github.jalign.errors.JalignException;
import io.github.jalign.text.jinja.Template;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A chat template: Jinja as transformers sets it up, see {@link io.github.jalign.text.jinja}. It sees plain values only
 * and every render has limits, so templates of any origin may be rendered. Threads may share one.
 */
public final class ChatTemplate {
    private final String name;
    private final String source;
    private final Template template;

    private ChatTemplate(String name, String source, Template template) {
        this.name = name;
        this.source = source;
        this.template = template;
    }

    /**
     * @param name what errors call the template, such as its file
     * @throws JalignException of kind INPUT, at {@code name:line:column}, for what is no template
     */
    public static ChatTemplate parse(String name, String source) {
        return new ChatTemplate(name, source, Template.parse(name, source));
    }

    /**
     * Renders.
     *
     * @param specialTokens variables whose characters count as the template's own: {@code bos_token} and so on
     * @param variables all others, which are data: maps, lists, strings, numbers, booleans and null under {@code messages},
     *     {@code tools}, {@code add_generation_prompt} and so on; they go before special tokens of the same name
     * @param now what {@code strftime_now} sees; null: a template that asks for it is refused
     * @throws JalignException of kind INPUT when the template refuses the variables
     */
    public Rendered render(
            Map<String, @Nullable Object> specialTokens,
            Map<String, @Nullable Object> variables,
            @Nullable LocalDateTime now) {
        Template.Output output = template.render(specialTokens, variables, now);
        return new Rendered(output.text(), spans(output.generation()), spans(output.data()));
    }

    private static List<Span> spans(List<Integer> ranges) {
        List<Span> spans = new ArrayList<>();
        for (int i = 0; i < ranges.size(); i += 2) {
            spans.add(new Span(ranges.get(i), ranges.get(i + 1)));
        }
        return spans;
    }

    /** What errors call the template. */
    public String name() {
        return name;
    }

    public String source() {
        return source;
    }
}
