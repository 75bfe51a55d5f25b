package io.github.jalign.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Filters and tests that a template names and nobody has: it fails before it runs, unless a condition excuses them. */
final class UnknownNames {
    /** Those that a condition further out may still excuse. */
    private final List<Positioned> excusable = new ArrayList<>();
    /** Those that no condition can. */
    private final List<Positioned> inexcusable = new ArrayList<>();

    void add(Positioned name) {
        excusable.add(name);
    }

    /** A mark to {@link #forgive} or {@link #harden} from. */
    int soFar() {
        return excusable.size();
    }

    /** What stands under a condition may name filters that do not exist; it fails only when it runs. */
    void forgive(int mark) {
        excusable.subList(mark, excusable.size()).clear();
    }

    /** What a loop, a macro or another body of its own holds fails at once, as in Jinja2, whatever is around it. */
    void harden(int mark) {
        inexcusable.addAll(excusable.subList(mark, excusable.size()));
        forgive(mark);
    }

    void failIfAny() {
        harden(0);
        if (!inexcusable.isEmpty()) {
            throw inexcusable.getFirst();
        }
    }
}
