package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What the pages for users show exists: the files they link to, the commands, flags and keys they write. */
class DocsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w*)[^\\n]*\\n(.*?)^```$");
    private static final Pattern COMMAND = Pattern.compile("^(?:\\$ )?(?:[A-Z_]+=\\S+ )?(\\./jalign .*)");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|[^\\s'\"]+");

    @TempDir
    Path folder;

    @Test
    void linksResolve() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path page : pages()) {
            Matcher link = LINK.matcher(FENCE.matcher(Files.readString(page)).replaceAll(""));
            while (link.find()) {
                String target = link.group(1);
                if (target.contains("://")) {
                    continue;
                }
                links++;
                String[] parts = target.split("#", 2);
                Path file = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
                if (!Files.exists(file) || parts.length == 2 && !anchors(file).contains(parts[1])) {
                    broken.add(page + ": " + target);
                }
            }
        }
        assertEquals(List.of(), broken);
        assertTrue(links > 20, "only " + links + " links were read");
    }

    @Test
    void commandsAndKeysThatPagesShowExist() throws IOException {
        List<String> wrong = new ArrayList<>();
        int commands = 0;
        for (Path page : pages()) {
            Matcher fence = FENCE.matcher(Files.readString(page));
            while (fence.find()) {
                String text = fence.group(2);
                if (fence.group(1).equals("yaml") && text.contains("model_name_or_path:")) {
                    wrong.addAll(recipe(page, text));
                }
                for (String line : text.replace("\\\n", " ").lines().toList()) {
                    Matcher jalign = COMMAND.matcher(line);
                    if (jalign.find()) {
                        commands++;
                        wrong.addAll(command(page, jalign.group(1)));
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(commands > 20, "only " + commands + " commands were read");
    }

    @Test
    void wrongFlagsKeysAndValuesAreFound() {
        Path page = Path.of("page.md");
        assertEquals(1, command(page, "./jalign generate m --promt x").size());
        assertEquals(1, command(page, "./jalign dpo r.yaml --betta=0.1").size());
        assertEquals(1, command(page, "./jalign bench r.yaml --beta=high").size());
        assertEquals(1, command(page, "./jalign inspect r.yaml --betta=0.1").size());
        assertEquals(1, command(page, "./jalign score m d.jsonl --betta=0.1").size());
        assertEquals(List.of(), command(page, "./jalign generate m --prompt \"How do I?\" # a word"));
        assertEquals(List.of(), command(page, "./jalign inspect pairs.jsonl --model m --rows 1"));
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.walk(Path.of("docs"))) {
            return Stream.concat(
                            Stream.of("README.md", "CONTRIBUTING.md", "models/README.md", "benchmarks/README.md")
                                    .map(Path::of),
                            docs.filter(file -> file.toString().endsWith(".md")))
                    .sorted()
                    .toList();
        }
    }

    /** The anchors of a page's headings, as GitHub makes them. */
    private static List<String> anchors(Path page) throws IOException {
        return FENCE.matcher(Files.readString(page))
                .replaceAll("")
                .lines()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
                .map(line -> line.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .toList();
    }

    /** Parses the line as picocli and the recipe would, and runs nothing. */
    private static List<String> command(Path page, String line) {
        List<String> words = words(line.split(" (?:[#|] |<|2?>)", 2)[0]);
        try {
            CommandLine root = Main.commandLine();
            root.parseArgs(words.subList(1, words.size()).toArray(String[]::new));
            String command = words.get(1);
            if (List.of("dpo", "sft", "bench").contains(command)) {
                keys(command, words.subList(2, words.size()));
            } else if (List.of("inspect", "score").contains(command)) {
                CommandLine mixed = Objects.requireNonNull(root.getSubcommands().get(command));
                keys(
                        command,
                        words.subList(2, words.size()).stream()
                                .filter(word -> word.startsWith("--") && word.contains("="))
                                .filter(word -> mixed.getCommandSpec().findOption(word.split("=", 2)[0]) == null)
                                .toList());
            }
            return List.of();
        } catch (ParameterException | JalignException e) {
            return List.of(page + ": " + line + ": " + e.getMessage());
        }
    }

    /** Reads the keys without the recipe's file, which a page may only talk about. */
    private static void keys(String command, List<String> words) {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            if (words.get(i).equals("--config")) {
                i++;
            } else if (i > 0 || words.get(i).startsWith("--")) {
                keys.add(words.get(i));
            }
        }
        for (String needed : List.of("model_name_or_path", "dataset_name")) {
            if (keys.stream().noneMatch(key -> key.startsWith("--" + needed) || key.startsWith("--dataset_mixture"))) {
                keys.add("--" + needed + "=x");
            }
        }
        if (command.equals("sft")) {
            Recipe.sft(keys);
        } else {
            Recipe.dpo(keys);
        }
    }

    private List<String> recipe(Path page, String yaml) throws IOException {
        Path file = Files.writeString(folder.resolve("recipe.yaml"), yaml);
        try {
            Recipe.dpo(List.of(file.toString()));
            return List.of();
        } catch (JalignException e) {
            return List.of(page + ": " + e.getMessage());
        }
    }

    /** Splits as a shell would a line without escapes; {@code --a='b c'} is one word. */
    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        int end = -1;
        Matcher word = WORD.matcher(line);
        while (word.find()) {
            String text = word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group();
            if (word.start() == end) {
                words.set(words.size() - 1, words.getLast() + text);
            } else {
                words.add(text);
            }
            end = word.end();
        }
        return words;
    }
}
