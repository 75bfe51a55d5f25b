package io.github.jalign.cli;

import io.github.jalign.recipe.Command;
import io.github.jalign.recipe.Group;
import io.github.jalign.recipe.Key;
import io.github.jalign.recipe.Keys;
import io.github.jalign.recipe.Standing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A command's keys in the help: those in effect under their headings, the others by what is made of them. */
final class KeyHelp {
    private static final int WIDTH = 96;
    private static final int NAMES = 30;

    private KeyHelp() {}

    static String text(Command command) {
        StringBuilder out = new StringBuilder();
        out.append("%nKeys stand in the recipe (KEY: VALUE) or on the command line, which wins. Names, meanings and%n"
                .formatted());
        out.append("defaults are those of TRL and transformers, unless the sentence says otherwise.%n".formatted());
        for (Group group : Group.values()) {
            List<Key> keys = Keys.of(command).stream()
                    .filter(key -> key.group() == group && does(key))
                    .toList();
            if (!keys.isEmpty()) {
                out.append("%n%s:%n".formatted(group.title()));
                keys.forEach(key -> key(out, command, key));
            }
        }
        byReason(out, command, "Accepted, without effect yet; a line says so:", KeyHelp::later);
        byReason(out, command, "Accepted, with nothing to govern here; a line says so:", KeyHelp::noEffect);
        byReason(out, command, "Refused, unless they ask for nothing:", KeyHelp::refused);
        return out.toString();
    }

    private static boolean does(Key key) {
        return key.inEffect() || key.standing() instanceof Standing.AnotherWay;
    }

    private static void key(StringBuilder out, Command command, Key key) {
        List<String> sentences = new ArrayList<>(wrapped(key.help(), WIDTH - NAMES));
        @Nullable String standard = key.defaultText(command);
        sentences.addAll(wrapped(
                standard == null ? key.expected() : key.expected() + "; default " + standard, WIDTH - NAMES));
        if (!key.aliases().isEmpty()) {
            sentences.addAll(wrapped("also " + String.join(", ", key.aliases()), WIDTH - NAMES));
        }
        String name = "  " + key.name();
        for (String sentence : sentences) {
            // A name that leaves no gap has a line to itself.
            if (name.length() > NAMES - 2) {
                out.append(name).append(System.lineSeparator());
                name = "";
            }
            out.append(name).append(" ".repeat(NAMES - name.length())).append(sentence).append(System.lineSeparator());
            name = "";
        }
    }

    private static @Nullable String later(Standing standing) {
        return standing instanceof Standing.Later later ? later.line() : null;
    }

    private static @Nullable String noEffect(Standing standing) {
        return standing instanceof Standing.NoEffect none ? none.because() : null;
    }

    private static @Nullable String refused(Standing standing) {
        return standing instanceof Standing.Refused refused ? refused.rule() : null;
    }

    /** Keys with the same reason stand together. */
    private static void byReason(
            StringBuilder out, Command command, String heading, Function<Standing, @Nullable String> reason) {
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (Key key : Keys.of(command)) {
            @Nullable String because = reason.apply(key.standing());
            if (because != null) {
                names.computeIfAbsent(because, b -> new ArrayList<>()).add(key.name());
                names.get(because).addAll(key.aliases());
            }
        }
        out.append("%n%s%n".formatted(heading));
        names.forEach((because, keys) -> {
            wrapped(String.join(", ", keys), WIDTH - 2)
                    .forEach(line -> out.append("  ").append(line).append(System.lineSeparator()));
            wrapped(because, WIDTH - 6)
                    .forEach(line -> out.append("      ").append(line).append(System.lineSeparator()));
        });
    }

    private static List<String> wrapped(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
