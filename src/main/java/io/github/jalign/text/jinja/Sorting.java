package io.github.jalign.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Python's {@code sorted}: stable, by {@code <} alone, whatever {@code <} says (NaN orders nothing). */
final class Sorting {
    private Sorting() {}

    private record Keyed<T>(T item, Value key) {}

    /** Sorts in place. Equal items keep their order, also when reversed. */
    static <T> void sort(Run run, List<T> items, Function<T, Value> key, boolean reverse) {
        List<Keyed<T>> keyed = new ArrayList<>();
        for (T item : items) {
            keyed.add(new Keyed<>(item, key.apply(item)));
        }
        List<Keyed<T>> sorted = merged(run, keyed, reverse);
        for (int i = 0; i < sorted.size(); i++) {
            items.set(i, sorted.get(i).item());
        }
    }

    private static <T> List<Keyed<T>> merged(Run run, List<Keyed<T>> items, boolean reverse) {
        int n = items.size();
        if (n < 2) {
            return items;
        }
        List<Keyed<T>> left = merged(run, items.subList(0, n / 2), reverse);
        List<Keyed<T>> right = merged(run, items.subList(n / 2, n), reverse);
        List<Keyed<T>> out = new ArrayList<>(n);
        int l = 0;
        for (Keyed<T> r : right) {
            while (l < left.size() && !before(run, r.key(), left.get(l).key(), reverse)) {
                out.add(left.get(l++));
            }
            out.add(r);
        }
        out.addAll(left.subList(l, left.size()));
        return out;
    }

    private static boolean before(Run run, Value a, Value b, boolean reverse) {
        return reverse
                ? Comparison.compare(run, Comparison.Order.LESS, b, a)
                : Comparison.compare(run, Comparison.Order.LESS, a, b);
    }
}
