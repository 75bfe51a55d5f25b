package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.recipe.Command;
import io.github.jalign.recipe.Key;
import io.github.jalign.recipe.Keys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    @Test
    void aRecipeThatCannotBeUnderstoodIsAMessageAndExitCode2() {
        Run run = Run.of("dpo", "--model_name_or_path", "m", "--dataset_name", "d.jsonl", "--betta", "0.1");

        assertEquals(2, run.exitCode());
        assertEquals("", run.out());
        assertEquals(
                """
                --betta: a recipe holds only keys that jalign dpo knows
                  found     betta
                  expected  a known key; the nearest is beta
                  do        correct the key or remove it; jalign dpo --help lists them all
                """,
                run.err());
    }

    @Test
    void aRecipeThatCannotBeReadIsExitCode6() {
        Run run = Run.of("sft", "no-such-recipe.yaml");

        assertEquals(6, run.exitCode());
        assertEquals(
                """
                no-such-recipe.yaml: the file must be readable as UTF-8 text
                  found     no such file or folder: no-such-recipe.yaml
                  expected  a text file that this user may read
                  do        correct the path or the file's permissions
                """,
                run.err());
    }

    @Test
    void theStackTraceIsThereOnDemandOnly() {
        Run run = Run.of("dpo", "--debug", "no-such-recipe.yaml");

        assertEquals(6, run.exitCode());
        assertTrue(run.err().startsWith("no-such-recipe.yaml: the file must be readable"), run.err());
        assertTrue(run.err().contains("at io.github.jalign.recipe.Recipe.read("), run.err());
        assertTrue(run.err().contains("Caused by: java.nio.file.NoSuchFileException"), run.err());
    }

    @Test
    void anUnknownCommandNamesTheKnownOnes() {
        Run run = Run.of("dop", "recipe.yaml");

        assertEquals(2, run.exitCode());
        assertEquals("", run.out());
        String commands = String.join(", ", Main.commandLine().getSubcommands().keySet());
        assertEquals(
                """
                jalign: the word is neither a command nor an option
                  found     dop recipe.yaml
                  expected  %s
                  do        start with one of those; jalign --help says what each does
                """
                        .formatted(commands),
                run.err());
    }

    @Test
    void noCommandShowsTheUsageAndIsExitCode2() {
        Run run = Run.of();

        assertEquals(2, run.exitCode());
        assertTrue(run.err().startsWith("Usage: jalign [-hV] [--debug] COMMAND"), run.err());
    }

    @Test
    void anOptionsWrongValueIsExplained() {
        Run run = Run.of("--debug=maybe");

        assertEquals(2, run.exitCode());
        assertEquals(
                """
                jalign: the options must be understood
                  found     Invalid value for option '--debug': 'maybe' is not a boolean
                  expected  the options that jalign --help lists
                  do        correct the option
                """,
                run.err());
    }

    /** Words reach the recipe as they were typed: negative numbers, an @, quotes, and options that picocli knows elsewhere. */
    @Test
    void wordsReachTheRecipeAsTheyAre() {
        Run run = Run.of("dpo", "--model_name_or_path=@m", "--dataset_name", "'d'", "--max_steps", "-2");

        assertEquals(
                """
                --max_steps: max_steps must be of its type and in its range
                  found     -2
                  expected  a whole number, at least -1
                  do        correct max_steps
                """,
                run.err());
    }

    @Test
    void keysWithoutEffectAreNoted(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("r.yaml"),
                """
                beta: 0.1
                push_to_hub: true
                dataset_num_proc: 12
                log_level: info
                dataset_name: d
                model_name_or_path: %s
                output_dir: %s
                """
                        .formatted(folder.resolve("no-model"), folder.resolve("out")));
        Run run = Run.of("dpo", file.toString(), "--trust_remote_code");

        List<String> notes =
                run.err().lines().filter(line -> line.startsWith("note: ")).toList();
        assertEquals(
                List.of(
                        "note: " + file + ":2: push_to_hub has no effect yet: jalign uploads nothing yet; "
                                + "the model stays in output_dir",
                        "note: " + file + ":3: dataset_num_proc has no effect: rows are prepared one after another",
                        "note: " + file + ":4: log_level has no effect: jalign has one level of messages",
                        "note: --trust_remote_code has no effect: jalign never runs code that comes with a model"),
                notes);
    }

    @Test
    void theHelpListsEveryKeyOfTheCommand() {
        for (Command command : Command.values()) {
            Run run = Run.of(command.spelling(), "--help");

            assertEquals(0, run.exitCode());
            assertEquals("", run.err());
            for (Key key : Keys.of(command)) {
                assertTrue(
                        run.out().matches("(?s).*\\W" + key.name() + "\\W.*"),
                        () -> command + " --help leaves out " + key.name());
            }
            run.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
        }
    }

    @Test
    void theHelpOfAKeySaysWhatItIsAndItsDefault() {
        String help = Run.of("sft", "--help").out();

        assertTrue(
                help.contains(
                        """
                          learning_rate               The highest learning rate.
                                                      a number, at least 0; default 2e-5
                        """),
                help);
        assertTrue(
                help.contains(
                        """
                          eval_strategy               When to score the evaluation rows.
                                                      one of no, steps, epoch; default no
                                                      also evaluation_strategy
                        """),
                help);
    }

    @Test
    void everyExitCodeIsListed() {
        String help = Run.of("--help").out();

        for (JalignException.Kind kind : JalignException.Kind.values()) {
            assertTrue(help.matches("(?s).*\\R +" + kind.exitCode() + " +\\w.*"), () -> kind + " is missing:\n" + help);
        }
    }
}
