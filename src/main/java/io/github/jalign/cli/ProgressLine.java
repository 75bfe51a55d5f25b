package io.github.jalign.cli;

import java.io.Console;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** One line of a terminal that rewrites itself; elsewhere nothing. */
final class ProgressLine {
    private final PrintWriter err;
    private final boolean terminal;
    private int width;

    ProgressLine(PrintWriter err) {
        this.err = err;
        this.terminal = isTerminal();
    }

    /** Whether a person looks at the output, and types the input. */
    @SuppressWarnings("SystemConsoleNull") // it is null where jdk.console is java.base, the default
    static boolean isTerminal() {
        @Nullable Console console = System.console();
        return console != null && console.isTerminal();
    }

    void show(String line) {
        if (terminal) {
            err.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
            err.flush();
            width = line.length();
        }
    }

    void clear() {
        if (width > 0) {
            err.print("\r" + " ".repeat(width) + "\r");
            err.flush();
            width = 0;
        }
    }
}
