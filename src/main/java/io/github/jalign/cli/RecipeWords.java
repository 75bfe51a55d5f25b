package io.github.jalign.cli;

import io.github.jalign.recipe.Command;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What the commands that read a recipe share: their words go to the recipe as they are. */
final class RecipeWords {
    /** The heading of a help section of our own. */
    private static final String KEYS = "keys";

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(arity = "0..*", hidden = true)
    private final List<String> words = new ArrayList<>();

    List<String> words() {
        return List.copyOf(words);
    }

    /** Prints what has no effect, before anything runs. */
    void print(List<String> notes) {
        PrintWriter err = spec.commandLine().getErr();
        notes.forEach(note -> err.println("note: " + note));
        err.flush();
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Shows the run on standard output. */
    TrainConsole console() {
        return new TrainConsole(spec.commandLine().getOut(), Machine.hasTerminal());
    }

    /** Lets the recipe's keys through picocli, and lists them in the help. */
    static void prepare(CommandLine root) {
        for (String other : List.of("bench", "inspect")) {
            Objects.requireNonNull(root.getSubcommands().get(other)).setUnmatchedOptionsArePositionalParams(true);
        }
        for (Command command : Command.values()) {
            CommandLine commandLine =
                    Objects.requireNonNull(root.getSubcommands().get(command.spelling()));
            commandLine.setUnmatchedOptionsArePositionalParams(true);
            commandLine.getHelpSectionMap().put(KEYS, help -> KeyHelp.text(command));
            List<String> sections = new ArrayList<>(commandLine.getHelpSectionKeys());
            sections.add(sections.indexOf(CommandLine.Model.UsageMessageSpec.SECTION_KEY_FOOTER_HEADING), KEYS);
            commandLine.setHelpSectionKeys(sections);
        }
    }
}
