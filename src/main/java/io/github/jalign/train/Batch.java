package io.github.jalign.train;

import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.errors.JalignException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Loss groups computed together: their items in order, cut into packs. What a pack holds has nothing to do with where
 * groups begin and end.
 *
 * @param items numbers of the items, group after group
 * @param groupOf the group of each
 * @param ends end of each pack in {@code items}
 */
record Batch(List<Integer> items, List<Integer> groupOf, List<Integer> ends) {

    /** @param budget tokens of a pack */
    static Batch of(List<List<Integer>> groups, List<Item> all, int budget) {
        List<Integer> items = new ArrayList<>();
        List<Integer> groupOf = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            for (int item : groups.get(g)) {
                items.add(item);
                groupOf.add(g);
            }
        }
        return new Batch(items, groupOf, Pack.plan(items.stream().map(all::get).toList(), budget));
    }

    /**
     * A pack of the batch.
     *
     * @param numbers of its items, in order
     * @param groupOf the group of each
     */
    record Packed(Pack pack, List<Integer> numbers, List<Integer> groupOf) {}

    /** Its packs in order, each made when it is asked for. */
    Iterable<Packed> packs(List<Item> all) {
        return () -> IntStream.range(0, ends.size())
                .mapToObj(i -> packed(all, i == 0 ? 0 : ends.get(i - 1), ends.get(i)))
                .iterator();
    }

    private Packed packed(List<Item> all, int from, int to) {
        List<Integer> numbers = items.subList(from, to);
        return new Packed(Pack.of(numbers.stream().map(all::get).toList()), numbers, groupOf.subList(from, to));
    }

    /**
     * The failure of a loss that is no number.
     *
     * @param what such as {@code loss at step 3}
     */
    static JalignException notANumber(String what, double value, List<Integer> numbers, List<Item> all) {
        String rows = numbers.stream().map(n -> all.get(n).row().toString()).collect(Collectors.joining(", "));
        return new JalignException(
                JalignException.Kind.NUMERIC,
                what,
                "training stops at a loss or gradient that is not a finite number",
                value + " in rows " + rows,
                "a finite number",
                "look at these rows; lower learning_rate; resume from the last checkpoint with --resume_from_checkpoint=true");
    }
}
