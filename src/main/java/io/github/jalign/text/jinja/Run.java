package io.github.jalign.text.jinja;

import java.time.LocalDateTime;
import org.jspecify.annotations.Nullable;

/** The state of one render that operations see. */
final class Run {
    final Budget budget = new Budget();
    /** What strftime_now sees; null where the caller gave no date. */
    final @Nullable LocalDateTime now;
    /** Where in the source the node being evaluated begins; for errors. */
    int position;

    Run(@Nullable LocalDateTime now) {
        this.now = now;
    }

    /** Calls any value. */
    Value call(Value callee, Arguments arguments) {
        budget.step();
        return switch (callee) {
            case Operation.Bound bound -> bound.operation().apply(this, bound.self(), arguments);
            case Macro macro -> macro.call(arguments);
            case Loop loop -> loop.recurse(arguments);
            case Value.Joiner joiner -> {
                if (!joiner.used) {
                    joiner.used = true;
                    yield Text.EMPTY;
                }
                yield joiner.separator;
            }
            case Value.Undefined undefined -> throw undefined.refusal();
            default -> throw Refusal.operation(
                    "'" + Python.type(callee) + "' object is not callable", "a macro, a method or a function");
        };
    }
}
