package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.model.Configs;
import io.github.jalign.model.RandomModel;
import io.github.jalign.model.SavedModel;
import io.github.jalign.ops.Backend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A cache over several prompts against a fresh one for each: the same tokens, and only what is new is read. */
final class SessionTest {
    private static final int LONGEST = 1300;

    @TempDir
    Path folder;

    @BeforeEach
    void save() {
        SavedModel.write(
                folder,
                Configs.of(
                        "mistral",
                        "\"num_key_value_heads\": 4, \"sliding_window\": 5, \"num_hidden_layers\": 2,"
                                + " \"layer_types\": [\"sliding_attention\", \"full_attention\"]"),
                0.8,
                11);
    }

    private static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }

    private static int[] tokens(int length, long seed) {
        return RandomModel.tokens(length, 50, seed);
    }

    /** Notes which tokens of a prompt are read. */
    private static final class Reader implements Generator.Listener {
        final List<Integer> from = new ArrayList<>();
        int most = Integer.MAX_VALUE;

        @Override
        public boolean next(int id) {
            return true;
        }

        @Override
        public boolean reading(int done, int all) {
            from.add(done);
            return from.size() <= most;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "CPU"})
    void aTurnReadsOnlyWhatIsNew(Backend backend) {
        try (Generator generator = new Generator(folder, backend, 2, LONGEST);
                Session session = generator.session(100)) {
            SamplingOptions eight = SamplingOptions.greedy(8);
            int[] first = tokens(13, 1);
            Answer one = session.generate(first, eight, Set.of(), id -> true);
            assertEquals(0, one.cachedTokens());
            int[] second = joined(first, one.ids(), tokens(3, 2));
            Answer two = session.generate(second, eight, Set.of(), id -> true);
            // the last token of an answer was said and not read
            assertEquals(first.length + 7, two.cachedTokens());
            assertArrayEquals(generator.generate(second, eight, Set.of(), id -> true), two.ids());

            // undo: back to the first prompt, with another question
            int[] other = joined(first, one.ids(), tokens(5, 3));
            other[first.length + 8] = (second[first.length + 8] + 1) % 50;
            Answer three = session.generate(other, eight, Set.of(), id -> true);
            assertEquals(first.length + 8, three.cachedTokens());
            assertArrayEquals(generator.generate(other, eight, Set.of(), id -> true), three.ids());

            // the same again: one token is run for its logits
            Answer again = session.generate(other, eight, Set.of(), id -> true);
            assertEquals(other.length - 1, again.cachedTokens());
            assertArrayEquals(three.ids(), again.ids());

            // a prompt that is a beginning of what is there, and one that is altogether new
            assertEquals(4, session.generate(Arrays.copyOf(first, 5), eight, Set.of(), id -> true).cachedTokens());
            int[] fresh = tokens(31, 9);
            fresh[0] = (first[0] + 1) % 50;
            Answer last = session.generate(fresh, eight, Set.of(), id -> true);
            assertEquals(0, last.cachedTokens());
            assertArrayEquals(generator.generate(fresh, eight, Set.of(), id -> true), last.ids());
        }
    }

    /** Pieces of 512 begin where the cache ends. */
    @Test
    void longPromptsAreReadInPiecesAfterTheCache() {
        try (Generator generator = new Generator(folder, Backend.CPU, 2, LONGEST);
                Session session = generator.session(LONGEST)) {
            int[] prompt = tokens(1200, 4);
            Reader reader = new Reader();
            session.generate(Arrays.copyOf(prompt, 100), SamplingOptions.greedy(1), Set.of(), reader);
            int[] ids = session.generate(prompt, SamplingOptions.greedy(9), Set.of(), reader).ids();
            assertEquals(List.of(0, 100, 612, 1124), reader.from);
            assertArrayEquals(generator.generate(prompt, SamplingOptions.greedy(9), Set.of(), id -> true), ids);
        }
    }

    @Test
    void aPromptCanBeGivenUpAndTakenUpAgain() {
        try (Generator generator = new Generator(folder, Backend.CPU, 2, LONGEST);
                Session session = generator.session(LONGEST)) {
            int[] prompt = tokens(1100, 4);
            Reader reader = new Reader();
            reader.most = 1;
            Answer none = session.generate(prompt, SamplingOptions.greedy(9), Set.of(), reader);
            assertEquals(Finish.CANCELLED, none.finish());
            assertEquals(0, none.ids().length);
            Answer answer = session.generate(prompt, SamplingOptions.greedy(9), Set.of(), id -> true);
            assertEquals(512, answer.cachedTokens());
            assertArrayEquals(generator.generate(prompt, SamplingOptions.greedy(9), Set.of(), id -> true), answer.ids());
        }
    }

    /** Beyond the original length all keys have other positions: every token is what a fresh reading would say. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "CPU"})
    void anAnswerThatCrossesTheSwitchOfLongropeIsReadAnew(Backend backend, @TempDir Path longrope) {
        SavedModel.write(
                longrope,
                Configs.of(
                        "phi3",
                        "\"max_position_embeddings\": 64, \"original_max_position_embeddings\": 16, \"rope_scaling\": "
                                + "{\"type\": \"longrope\", \"short_factor\": [1.0, 1.1], \"long_factor\": [3.0, 9.0]}"),
                0.8,
                12);
        SamplingOptions one = SamplingOptions.greedy(1);
        try (Generator generator = new Generator(longrope, backend, 2, 600);
                Session session = generator.session(600)) {
            int[] prompt = tokens(9, 5);
            int[] sequence = joined(
                    prompt, session.generate(prompt, SamplingOptions.greedy(20), Set.of(), id -> true).ids());
            for (int n = prompt.length; n < sequence.length; n++) {
                int[] next = generator.generate(Arrays.copyOf(sequence, n), one, Set.of(), id -> true);
                assertArrayEquals(new int[] {sequence[n]}, next, "after " + n + " tokens");
            }

            // back below the switch, and beyond it in pieces
            Answer shorter = session.generate(Arrays.copyOf(sequence, 12), one, Set.of(), id -> true);
            assertEquals(0, shorter.cachedTokens());
            assertEquals(sequence[12], shorter.ids()[0]);
            Reader reader = new Reader();
            int[] far = joined(Arrays.copyOf(sequence, 12), tokens(540, 6));
            int[] ids = session.generate(far, SamplingOptions.greedy(3), Set.of(), reader).ids();
            assertEquals(List.of(0, 512), reader.from);
            assertArrayEquals(generator.generate(far, SamplingOptions.greedy(3), Set.of(), id -> true), ids);
        }
    }

    @Test
    void anAnswerSaysWhyItEnded() {
        try (Generator generator = new Generator(folder, Backend.CPU, 1, LONGEST);
                Session session = generator.session(60)) {
            int[] prompt = tokens(4, 4);
            Answer whole = session.generate(prompt, SamplingOptions.greedy(9), Set.of(), id -> true);
            assertEquals(Finish.LENGTH, whole.finish());
            int stop = whole.ids()[5];
            Answer stopped = session.generate(prompt, SamplingOptions.greedy(9), Set.of(stop), id -> true);
            assertEquals(Finish.STOP, stopped.finish());
            int first = IntStream.range(0, 9).filter(i -> whole.ids()[i] == stop).findFirst().orElseThrow();
            assertArrayEquals(Arrays.copyOf(whole.ids(), first), stopped.ids());
            Answer cancelled = session.generate(prompt, SamplingOptions.greedy(9), Set.of(), id -> false);
            assertEquals(Finish.CANCELLED, cancelled.finish());
            assertArrayEquals(Arrays.copyOf(whole.ids(), 1), cancelled.ids());
        }
    }

    @Test
    void sessionsStayInsideThePlan() {
        try (Generator generator = new Generator(folder, Backend.CPU, 1, 20)) {
            assertThrows(IllegalArgumentException.class, () -> generator.session(21));
        }
    }
}
