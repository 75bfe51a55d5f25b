package io.github.jalign.data;

import io.github.jalign.ops.Segments;
import java.util.ArrayList;
import java.util.List;

/**
 * Items that are computed together, without padding: a prompt stands once before its completions, which attend to it as
 * their parent. Only rows that predict a trained token go to the head.
 *
 * @param tokens [T] ids
 * @param segments their attention tree
 * @param rows [C] the token that predicts each target
 * @param targets [C] trained completion tokens
 * @param sequences where each item's completions lie in rows and targets, in the order of items and completions
 */
public record Pack(int[] tokens, Segments segments, int[] rows, int[] targets, List<Sequence> sequences) {

    /**
     * One completion's part of rows and targets.
     *
     * @param item index into the packed items
     * @param completion index into the item's completions
     * @param firstRow first of its rows
     * @param count how many; 0 when none of its tokens is trained
     */
    public record Sequence(int item, int completion, int firstRow, int count) {}

    /** Tokens that an item takes in a pack: P + C + R for a pair. */
    public static int tokens(Item item) {
        int tokens = item.prompt().length;
        for (Completion c : item.completions()) {
            tokens += c.ids().length;
        }
        return tokens;
    }

    /** Rows that an item sends to the head. */
    public static int rows(Item item) {
        int rows = 0;
        for (int c = 0; c < item.completions().size(); c++) {
            rows += trained(item, c);
        }
        return rows;
    }

    /** Tokens of one completion that have a log-prob and are trained. */
    public static int trained(Item item, int completion) {
        Completion c = item.completions().get(completion);
        int count = 0;
        for (int i = item.prompt().length == 0 ? 1 : 0; i < c.ids().length; i++) {
            count += c.trained(i) ? 1 : 0;
        }
        return count;
    }

    /**
     * Cuts a list of items into runs of at most {@code budget} tokens; an item that is longer stands alone.
     *
     * @return the end of each run
     */
    public static List<Integer> plan(List<Item> items, int budget) {
        List<Integer> ends = new ArrayList<>();
        int tokens = 0;
        for (int i = 0; i < items.size(); i++) {
            int next = tokens(items.get(i));
            if (tokens > 0 && tokens + next > budget) {
                ends.add(i);
                tokens = 0;
            }
            tokens += next;
        }
        if (tokens > 0) {
            ends.add(items.size());
        }
        return ends;
    }

    public static Pack of(List<Item> items) {
        int total = items.stream().mapToInt(Pack::tokens).sum();
        int totalRows = items.stream().mapToInt(Pack::rows).sum();
        int[] tokens = new int[total];
        int[] rows = new int[totalRows];
        int[] targets = new int[totalRows];
        List<Integer> starts = new ArrayList<>();
        List<Integer> parents = new ArrayList<>();
        List<Sequence> sequences = new ArrayList<>();
        int at = 0;
        int row = 0;
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            int[] prompt = item.prompt();
            int parent = -1;
            int lastOfPrompt = at + prompt.length - 1;
            if (prompt.length > 0) {
                parent = starts.size();
                starts.add(at);
                parents.add(-1);
                System.arraycopy(prompt, 0, tokens, at, prompt.length);
                at += prompt.length;
            }
            for (int c = 0; c < item.completions().size(); c++) {
                Completion completion = item.completions().get(c);
                int[] ids = completion.ids();
                starts.add(at);
                parents.add(parent);
                System.arraycopy(ids, 0, tokens, at, ids.length);
                int first = row;
                for (int j = prompt.length == 0 ? 1 : 0; j < ids.length; j++) {
                    if (completion.trained(j)) {
                        rows[row] = j == 0 ? lastOfPrompt : at + j - 1;
                        targets[row] = ids[j];
                        row++;
                    }
                }
                sequences.add(new Sequence(i, c, first, row - first));
                at += ids.length;
            }
        }
        return new Pack(
                tokens,
                new Segments(toArray(starts), toArray(parents), total),
                rows,
                targets,
                List.copyOf(sequences));
    }

    private static int[] toArray(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }
}
