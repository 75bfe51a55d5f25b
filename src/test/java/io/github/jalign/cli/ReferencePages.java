package io.github.jalign.cli;

import io.github.jalign.recipe.Command;
import io.github.jalign.recipe.Group;
import io.github.jalign.recipe.Key;
import io.github.jalign.recipe.Keys;
import io.github.jalign.recipe.Standing;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The pages of {@code docs/reference} that are written by the code they describe. */
final class ReferencePages {
    private static final String WRITTEN =
            "Written from the code by `mvn -q test -Dtest=ReferencePagesTest -Djalign.docs=write`.";

    private ReferencePages() {}

    /** The pages by their file names in {@code docs/reference}. */
    static Map<String, String> all() {
        return new TreeMap<>(Map.of("commands.md", commands(), "keys.md", keys()));
    }

    private static String commands() {
        CommandLine root = Main.commandLine();
        StringBuilder out = new StringBuilder("# Commands\n\n" + WRITTEN + "\n\n");
        out.append("Every command has `--help`, `--version` and `--debug`, which prints stack traces.\n");
        out.append("`dpo`, `sft` and `bench`, and `inspect` for data or a recipe, also take every [recipe key](keys.md)"
                + " as\n");
        out.append("`--KEY=VALUE`; `score` takes those that say how rows become tokens, and `beta`.\n");
        root.getSubcommands().values().forEach(command -> command(out, command));
        out.append("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
        root.getCommandSpec()
                .usageMessage()
                .exitCodeList()
                .forEach((code, meaning) -> out.append("| ").append(code).append(" | ").append(meaning).append(" |\n"));
        return out.toString();
    }

    private static void command(StringBuilder out, CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        out.append("\n## ").append(spec.name()).append("\n\n");
        out.append(String.join(" ", spec.usageMessage().description())).append("\n\n```\n");
        CommandLine.Help help =
                new CommandLine.Help(spec, CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        help.synopsis(0).lines().map(String::stripTrailing).forEach(line -> out.append(line).append('\n'));
        out.append("```\n");
        List<PositionalParamSpec> places =
                spec.positionalParameters().stream().filter(p -> !p.hidden()).toList();
        List<OptionSpec> options = spec.options().stream()
                .filter(o -> !o.hidden() && !o.usageHelp() && !o.versionHelp() && !o.longestName().equals("--debug"))
                .sorted(Comparator.comparing(OptionSpec::longestName))
                .toList();
        if (!places.isEmpty() || !options.isEmpty()) {
            out.append("\n| | |\n|---|---|\n");
        }
        places.forEach(p -> row(out, code(p.paramLabel()), sentences(p.description())));
        options.forEach(o -> {
            boolean bare = o.arity().max() == 0;
            String flag = o.longestName() + (bare ? "" : " " + o.paramLabel());
            row(out, code(flag), sentences(o.description(), o.defaultValueString()));
        });
        String footer = String.join(" ", spec.usageMessage().footer()).strip();
        if (!footer.isEmpty()) {
            out.append("\n").append(footer).append("\n");
        }
    }

    private static String sentences(String[] description) {
        return sentences(description, null);
    }

    /** As the help prints them: {@code %%} is a percent sign, and the default stands in its place. */
    private static String sentences(String[] description, @Nullable String standard) {
        return String.join(" ", description)
                .replace("${DEFAULT-VALUE}", String.valueOf(standard))
                .replace("%%", "%");
    }

    private static String keys() {
        StringBuilder out = new StringBuilder("# Recipe keys\n\n" + WRITTEN + "\n\n");
        out.append("A key stands in the recipe as `KEY: VALUE` or on the command line as `--KEY=VALUE`, which wins.\n");
        out.append("Names, meanings and defaults are those of TRL and transformers, unless the sentence says"
                + " otherwise.\n");
        out.append("A key of one command alone says which. An unknown key stops the run and names the nearest known"
                + " one.\n");
        out.append("\n# In effect\n");
        for (Group group : Group.values()) {
            List<Key> keys = Keys.all().stream()
                    .filter(key -> key.group() == group && does(key))
                    .toList();
            if (!keys.isEmpty()) {
                out.append("\n## ").append(group.title()).append("\n\n");
                out.append("| key | type | default | meaning |\n|---|---|---|---|\n");
                keys.forEach(key -> row(out, names(key), key.expected(), standard(key), meaning(key)));
            }
        }
        out.append("\n# Known, and not in effect\n\n");
        out.append("Nothing is silently ignored: each says a line, or stops the run.\n");
        out.append("\n| key | type | default | what becomes of it |\n|---|---|---|---|\n");
        Keys.all().stream()
                .filter(key -> !does(key))
                .forEach(key -> row(out, names(key), key.expected(), standard(key), standing(key)));
        return out.toString();
    }

    private static boolean does(Key key) {
        return key.inEffect() || key.standing() instanceof Standing.AnotherWay;
    }

    private static String names(Key key) {
        String only = key.commands().size() == Command.values().length
                ? ""
                : key.commands().stream().map(c -> " (" + c.spelling() + " only)").collect(Collectors.joining());
        String also = key.aliases().isEmpty()
                ? ""
                : ", also " + key.aliases().stream().map(ReferencePages::code).collect(Collectors.joining(", "));
        return code(key.name()) + only + also;
    }

    private static String standard(Key key) {
        List<String> values = key.commands().stream()
                .sorted()
                .map(command -> {
                    @Nullable String text = key.defaultText(command);
                    return text == null ? "none" : code(text);
                })
                .toList();
        return values.stream().distinct().count() == 1
                ? values.getFirst()
                : "dpo " + values.getFirst() + ", sft " + values.getLast();
    }

    private static String meaning(Key key) {
        return key.standing() instanceof Standing.AnotherWay(String other)
                ? key.help() + " (another way to say " + code(other) + ")"
                : key.help();
    }

    private static String standing(Key key) {
        return switch (key.standing()) {
            case Standing.InEffect in -> key.help();
            case Standing.AnotherWay other -> meaning(key);
            case Standing.Later(String line) -> "Without effect yet: " + line;
            case Standing.NoEffect(String because) -> "Nothing to govern here: " + because;
            case Standing.Refused(String rule, String action) ->
                "Refused, unless it asks for nothing: " + rule + "; " + action;
        };
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    private static void row(StringBuilder out, String... cells) {
        out.append('|');
        for (String cell : cells) {
            out.append(' ').append(cell.replace("|", "\\|").replace("\n", " ")).append(" |");
        }
        out.append('\n');
    }
}
