package io.github.jalign.quickstart;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Byte-level byte-pair encoding learned from texts (Sennrich et al. 2016, in GPT-2's form): starting from bytes, the most
 * frequent pair of neighbours inside a word becomes a symbol, again and again.
 *
 * @param symbols the 256 bytes, then one a merge
 * @param merges in the order in which they apply
 */
record BytePairs(List<String> symbols, List<Merge> merges) {
    /** Two symbols that become one. */
    record Merge(String left, String right) implements Comparable<Merge> {
        String joined() {
            return left + right;
        }

        @Override
        public int compareTo(Merge other) {
            int order = left.compareTo(other.left);
            return order != 0 ? order : right.compareTo(other.right);
        }
    }

    /** GPT-2's words, as the ByteLevel pre-tokenizer cuts them; no symbol crosses their edges. */
    private static final Pattern WORD = Pattern.compile(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

    /**
     * Learns from texts; of equally frequent pairs the first in alphabetical order is merged first.
     *
     * @param size symbols wanted; fewer when every word has become one
     */
    static BytePairs learn(List<String> texts, int size) {
        List<String> symbols = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            symbols.add(String.valueOf(letter(b)));
        }
        symbols.sort(null);
        Map<List<String>, Integer> words = words(texts);
        List<Merge> merges = new ArrayList<>();
        while (symbols.size() < size) {
            Map<Merge, Integer> counts = new TreeMap<>();
            words.forEach((word, count) -> {
                for (int i = 1; i < word.size(); i++) {
                    counts.merge(new Merge(word.get(i - 1), word.get(i)), count, Integer::sum);
                }
            });
            if (counts.isEmpty()) {
                break;
            }
            Merge merge = mostFrequent(counts);
            merges.add(merge);
            symbols.add(merge.joined());
            Map<List<String>, Integer> merged = new LinkedHashMap<>();
            words.forEach((word, count) -> merged.put(apply(merge, word), count));
            words = merged;
        }
        return new BytePairs(List.copyOf(symbols), List.copyOf(merges));
    }

    /** The first of the pairs with the highest count. */
    private static Merge mostFrequent(Map<Merge, Integer> counts) {
        int most = Collections.max(counts.values());
        for (Map.Entry<Merge, Integer> entry : counts.entrySet()) {
            if (entry.getValue() == most) {
                return entry.getKey();
            }
        }
        throw new IllegalStateException("no pair has the highest count");
    }

    private static Map<List<String>, Integer> words(List<String> texts) {
        Map<String, Integer> counts = new TreeMap<>();
        for (String text : texts) {
            Matcher matcher = WORD.matcher(text);
            while (matcher.find()) {
                counts.merge(matcher.group(), 1, Integer::sum);
            }
        }
        Map<List<String>, Integer> words = new LinkedHashMap<>();
        counts.forEach((word, count) -> {
            List<String> letters = new ArrayList<>();
            for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
                letters.add(String.valueOf(letter(b & 0xff)));
            }
            words.put(List.copyOf(letters), count);
        });
        return words;
    }

    private static List<String> apply(Merge merge, List<String> word) {
        List<String> result = new ArrayList<>(word.size());
        for (int i = 0; i < word.size(); i++) {
            if (i + 1 < word.size()
                    && word.get(i).equals(merge.left())
                    && word.get(i + 1).equals(merge.right())) {
                result.add(merge.joined());
                i++;
            } else {
                result.add(word.get(i));
            }
        }
        return result;
    }

    /** The printable character that stands for a byte in GPT-2's vocabularies: itself, or one from 256 up. */
    private static char letter(int b) {
        if (isPrintable(b)) {
            return (char) b;
        }
        int before = 0;
        for (int other = 0; other < b; other++) {
            before += isPrintable(other) ? 0 : 1;
        }
        return (char) (256 + before);
    }

    private static boolean isPrintable(int b) {
        return b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE && b <= 0xFF;
    }
}
