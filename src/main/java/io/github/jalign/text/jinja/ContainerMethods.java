package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import java.util.List;
import java.util.Map;

/** The methods of Python's dict, list, tuple and range that change nothing, and of Jinja2's cycler. */
final class ContainerMethods {
    static final Map<String, Operation> DICT_TYPE = Operation.table(
            define("fromkeys", "iterable value? /", (run, self, g) -> {
                Dict dict = new Dict();
                Iteration.over(run, g.need(0)).forEachRemaining(key -> dict.put(key, g.or(1, Value.NONE)));
                return dict;
            }));

    static final Map<String, Operation> DICT = Operation.table(
            define("get", "key default? /", (run, self, g) -> {
                Value value = ((Dict) self).get(g.need(0));
                return value == null ? g.or(1, Value.NONE) : value;
            }),
            define("keys", "/", (run, self, g) -> new Value.View(Value.View.Kind.KEYS, (Dict) self)),
            define("values", "/", (run, self, g) -> new Value.View(Value.View.Kind.VALUES, (Dict) self)),
            define("items", "/", (run, self, g) -> new Value.View(Value.View.Kind.ITEMS, (Dict) self)),
            define("copy", "/", (run, self, g) -> {
                Dict copy = new Dict();
                for (Dict.Entry entry : ((Dict) self).entries()) {
                    run.budget.step();
                    copy.put(entry.key(), entry.value());
                }
                return copy;
            }),
            Operation.in(DICT_TYPE, "fromkeys"));

    static final Map<String, Operation> TUPLE = Operation.table(
            define("index", "value start? stop? /", (run, self, g) -> {
                List<Value> items = Iteration.list(run, self);
                int from = place(g.integer(1, 0), items.size());
                int to = place(g.integer(2, items.size()), items.size());
                for (int i = from; i < to; i++) {
                    if (Comparison.equal(run, items.get(i), g.need(0))) {
                        return Value.of(i);
                    }
                }
                throw Refusal.operation("the value is not in the list", "a value that is; 'in' tells");
            }),
            define("count", "value /", (run, self, g) -> {
                long count = 0;
                for (Value item : Iteration.list(run, self)) {
                    count += Comparison.equal(run, item, g.need(0)) ? 1 : 0;
                }
                return Value.of(count);
            }));

    static final Map<String, Operation> LIST = Operation.table(
            define("copy", "/", (run, self, g) -> new Value.Listing(Iteration.list(run, self))),
            Operation.in(TUPLE, "index"),
            Operation.in(TUPLE, "count"));

    static final Map<String, Operation> CYCLER = Operation.table(
            define("next", "/", (run, self, g) -> {
                Value.Cycler cycler = (Value.Cycler) self;
                Value current = cycler.items.get(cycler.position);
                cycler.position = (cycler.position + 1) % cycler.items.size();
                return current;
            }),
            define("reset", "/", (run, self, g) -> {
                ((Value.Cycler) self).position = 0;
                return Value.NONE;
            }));

    private ContainerMethods() {}

    private static int place(int i, int length) {
        return Math.min(length, i < 0 ? Math.max(0, i + length) : i);
    }
}
