package io.github.jalign.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code a.b}, {@code a[b]} and {@code a[b:c:d]} as Jinja2's sandbox answers them (environment.py, sandbox.py): a dot
 * asks for the attribute and then the item, brackets the other way round; what is not there is undefined.
 */
final class Access {
    /** What would change the value: there, and not for templates. */
    private static final Set<String> LIST_MUTATORS =
            Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");

    private static final Set<String> DICT_MUTATORS = Set.of("clear", "pop", "popitem", "setdefault", "update");
    /** Methods of str that can reach further than text. */
    private static final Set<String> REFUSED_OF_STRINGS =
            Set.of("format", "format_map", "encode", "translate", "maketrans");

    private Access() {}

    static Value attribute(Value owner, String name) {
        Value found = ownAttribute(owner, name);
        if (found == null && owner instanceof Dict dict) {
            found = dict.get(name);
        }
        return found == null ? missing(owner, name) : found;
    }

    static Value item(Run run, Value owner, Value key) {
        if (owner instanceof Text text) {
            run.budget.charge(text.offsetWork());
        }
        if (key instanceof Text name) {
            run.budget.charge(name.string().length() >> 6);
        }
        Value found = ownItem(owner, key);
        if (found == null && key instanceof Text name) {
            found = ownAttribute(owner, name.string());
        }
        if (found != null) {
            return found;
        }
        return key instanceof Text name
                ? missing(owner, name.string())
                : Value.Undefined.because(
                        objectType(owner) + " has no element " + (key instanceof Value.Int i ? i.value() : Python.type(key)));
    }

    private static Value missing(Value owner, String name) {
        return Value.Undefined.because("'" + objectType(owner) + "' has no attribute '" + name + "'");
    }

    private static String objectType(Value owner) {
        return owner instanceof Value.None ? "None" : Python.type(owner) + " object";
    }

    private static @Nullable Value ownItem(Value owner, Value key) {
        return switch (owner) {
            case Value.Undefined undefined -> throw undefined.refusal();
            case Dict dict -> Dict.canBeKey(key) ? dict.get(key) : null;
            case Value.Items list -> {
                int at = place(list.items().size(), key);
                yield at < 0 ? null : list.items().get(at);
            }
            case Value.Range range -> {
                int at = place(range.length(), key);
                yield at < 0 ? null : range.get(at);
            }
            case Text text -> {
                int at = place(text.length(), key);
                int from = at < 0 ? 0 : text.offset(at);
                yield at < 0 ? null : text.slice(from, text.string().offsetByCodePoints(from, 1));
            }
            default -> null;
        };
    }

    /** The place that a key means, from the end when the key is negative; -1 when there is none. */
    private static int place(int length, Value key) {
        if (!(key instanceof Value.Int) && !(key instanceof Value.Bool)) {
            return -1;
        }
        long i = Python.index(key);
        long place = i < 0 ? i + length : i;
        return place >= 0 && place < length ? (int) place : -1;
    }

    private static @Nullable Value ownAttribute(Value owner, String name) {
        if (name.startsWith("__")) {
            throw Refusal.security("access to attribute '" + name + "' of '" + Python.type(owner) + "' object");
        }
        return switch (owner) {
            case Value.Undefined undefined -> throw undefined.refusal();
            case Text text -> {
                if (REFUSED_OF_STRINGS.contains(name)) {
                    throw Refusal.security("the method '" + name + "' of a string");
                }
                yield method(StringMethods.TABLE, name, owner);
            }
            case Dict dict ->
                DICT_MUTATORS.contains(name)
                        ? Value.Undefined.unsafe(name, owner)
                        : method(ContainerMethods.DICT, name, owner);
            case Value.Listing list ->
                LIST_MUTATORS.contains(name)
                        ? Value.Undefined.unsafe(name, owner)
                        : method(ContainerMethods.LIST, name, owner);
            case Value.Tuple tuple -> {
                int named = tuple.names().indexOf(name);
                yield named >= 0 ? tuple.items().get(named) : method(ContainerMethods.TUPLE, name, owner);
            }
            case Value.Range range -> method(ContainerMethods.TUPLE, name, owner);
            case Value.Namespace namespace -> namespace.attributes().get(name);
            case Loop loop -> loop.attribute(name);
            case Value.Cycler cycler ->
                name.equals("current")
                        ? cycler.items.get(cycler.position)
                        : method(ContainerMethods.CYCLER, name, owner);
            case Macro macro when name.equals("name") && macro.name() != null -> Text.literal(macro.name());
            case Operation.Bound function when function.operation().equals(Globals.DICT) ->
                method(ContainerMethods.DICT_TYPE, name, owner);
            default -> null;
        };
    }

    private static @Nullable Value method(Map<String, Operation> table, String name, Value owner) {
        Operation operation = table.get(name);
        return operation == null ? null : new Operation.Bound(operation, owner);
    }

    /** {@code owner[start:stop:step]}; a null bound is one that was left out. */
    static Value slice(Run run, Value owner, Value start, Value stop, Value step) {
        if (owner instanceof Value.Undefined undefined) {
            throw undefined.refusal();
        }
        if (!(owner instanceof Text || owner instanceof Value.Items || owner instanceof Value.Range)) {
            throw Refusal.operation(
                    "'" + Python.type(owner) + "' object cannot be sliced", "a string, a list or a tuple");
        }
        int length = Iteration.length(owner);
        long by = step instanceof Value.None ? 1 : bound(step);
        if (by == 0) {
            throw Refusal.operation("slice step cannot be zero", "a step other than zero");
        }
        long first = by > 0 ? 0 : -1;
        long last = by > 0 ? length : length - 1L;
        long from = start instanceof Value.None ? (by > 0 ? first : last) : clamp(bound(start), length, first, last);
        long to = stop instanceof Value.None ? (by > 0 ? last : first) : clamp(bound(stop), length, first, last);
        int count = (int) Math.max(0, by > 0 ? (to - from + by - 1) / by : (from - to - by - 1) / -by);
        run.budget.charge(owner instanceof Text text && by == 1 ? text.offsetWork() + (count >> 3) : count);
        return switch (owner) {
            case Text text when by == 1 -> {
                int begin = text.offset((int) from);
                yield count == 0 ? text.slice(0, 0) : text.slice(begin, text.offset((int) from + count));
            }
            case Text text -> stepped(text, (int) from, by, count);
            case Value.Range range ->
                new Value.Range(
                        range.start() + range.step() * from, range.start() + range.step() * to, range.step() * by, count);
            case Value.Items list -> {
                List<Value> items = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    items.add(list.items().get((int) (from + i * by)));
                }
                yield owner instanceof Value.Tuple ? new Value.Tuple(items) : new Value.Listing(items);
            }
            default -> throw new IllegalStateException();
        };
    }

    private static Text stepped(Text text, int from, long by, int count) {
        Text.Builder out = new Text.Builder();
        int[] offsets = new int[text.length() + 1];
        for (int i = 0, at = 0; i < offsets.length; i++) {
            offsets[i] = at;
            at += i + 1 < offsets.length ? Character.charCount(text.string().codePointAt(at)) : 0;
        }
        for (int i = 0; i < count; i++) {
            int place = (int) (from + i * by);
            out.append(text, offsets[place], offsets[place + 1]);
        }
        return text.like(out.build());
    }

    private static long bound(Value value) {
        if (value instanceof Value.Int || value instanceof Value.Bool) {
            return Python.index(value);
        }
        throw Refusal.operation(
                "slice indices must be integers or None, not '" + Python.type(value) + "'", "integers, or nothing");
    }

    private static long clamp(long bound, int length, long first, long last) {
        long place = bound < 0 ? bound + length : bound;
        return Math.max(first, Math.min(last, place));
    }
}
