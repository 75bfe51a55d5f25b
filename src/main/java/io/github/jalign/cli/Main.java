package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code jalign}: picks the command, and turns failures into messages and exit codes. */
@Command(
        name = "jalign",
        description = "Preference alignment of language models on the JVM.",
        subcommands = {
            Quickstart.class,
            Dpo.class,
            Sft.class,
            Generate.class,
            Chat.class,
            Compare.class,
            Score.class,
            Inspect.class,
            Convert.class,
            Bench.class,
            Doctor.class
        },
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:a defect in jalign",
            "2:a command, key or recipe that cannot be understood",
            "3:a model, data or other file that breaks its format's rules",
            "4:the work does not fit the machine",
            "5:a loss or gradient that is not a number",
            "6:the file system refused",
            "7:a GPU, its driver or a library of it is missing, too old, or failed",
            "130:stopped on request; a training run leaves a checkpoint"
        })
public final class Main implements Callable<Integer> {
    private static final int DEFECT = 1;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print stack traces.")
    private boolean debug;

    public static void main(String[] args) {
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT); // numbers read alike wherever a run was made
        System.exit(commandLine().execute(args));
    }

    /** The whole command line; tests give it other streams. */
    static CommandLine commandLine() {
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main);
        commandLine.setExpandAtFiles(false);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setParameterExceptionHandler((e, args) -> main.fail(e.getCommandLine(), misunderstood(e)));
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> main.fail(command, e));
        RecipeWords.prepare(commandLine);
        return commandLine;
    }

    /** Without a command: what there is. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return JalignException.Kind.USAGE.exitCode();
    }

    private int fail(CommandLine command, Exception e) {
        PrintWriter err = command.getErr();
        if (e instanceof JalignException) {
            err.println(e.getMessage());
        } else {
            err.println("jalign: a defect, not your mistake: " + e);
            if (!debug) {
                err.println("  do        run the command again with --debug and report what it prints");
            }
        }
        if (debug) {
            e.printStackTrace(err);
        }
        err.flush();
        return e instanceof JalignException expected ? expected.kind().exitCode() : DEFECT;
    }

    private static JalignException misunderstood(ParameterException e) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        if (e instanceof UnmatchedArgumentException unmatched) {
            return new JalignException(
                    JalignException.Kind.USAGE,
                    command,
                    "the word is neither a command nor an option",
                    String.join(" ", unmatched.getUnmatched()),
                    String.join(", ", e.getCommandLine().getSubcommands().keySet()),
                    "start with one of those; " + command + " --help says what each does");
        }
        return new JalignException(
                JalignException.Kind.USAGE,
                command,
                "the options must be understood",
                String.valueOf(e.getMessage()),
                "the options that " + command + " --help lists",
                "correct the option");
    }

    /** The version that the build wrote into the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"jalign " + (version == null ? "(not packaged)" : version)};
        }
    }
}
