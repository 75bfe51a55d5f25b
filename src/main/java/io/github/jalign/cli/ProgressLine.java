package io.github.jalign.cli;

import java.io.PrintWriter;

/** One line of a terminal that rewrites itself; elsewhere nothing. */
final class ProgressLine {
    private final PrintWriter out;
    private final boolean terminal;
    private int width;

    /** @param terminal whether a person looks at the output: {@link Machine#hasTerminal} */
    ProgressLine(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    void show(String line) {
        if (terminal) {
            out.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
            out.flush();
            width = line.length();
        }
    }

    /** Takes it away. */
    void clear() {
        if (width > 0) {
            out.print("\r" + " ".repeat(width) + "\r");
            out.flush();
            width = 0;
        }
    }

    /** Leaves it as it is; what follows stands below. */
    void end() {
        if (width > 0) {
            out.println();
            out.flush();
            width = 0;
        }
    }
}
