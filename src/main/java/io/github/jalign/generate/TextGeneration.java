package io.github.jalign.generate;

import io.github.jalign.text.StreamingDecoder;
import io.github.jalign.text.Tokenizer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Answers as text, part by part. Parts are whole characters, and what may become a stop string is held back.
 *
 * @param options how tokens are chosen
 * @param stopIds tokens that end an answer
 * @param stopStrings texts that end an answer and are no part of it, none empty; transformers leaves them in
 */
public record TextGeneration(SamplingOptions options, Set<Integer> stopIds, List<String> stopStrings) {
    public TextGeneration {
        stopIds = Set.copyOf(stopIds);
        stopStrings = List.copyOf(stopStrings);
    }

    /** Follows a text as it grows. */
    public interface Listener {
        /**
         * @param part the next characters; often a word, sometimes none
         * @return false to stop after this token
         */
        boolean next(String part);

        /** As {@link Generator.Listener#reading}. */
        default boolean reading(int done, int all) {
            return true;
        }
    }

    /** With other options. */
    public TextGeneration with(SamplingOptions other) {
        return new TextGeneration(other, stopIds, stopStrings);
    }

    /**
     * Continues a prompt.
     *
     * @param prompt token ids, at least one
     * @param listener hears all of the reply's text
     */
    public Reply run(Session session, Tokenizer tokenizer, int[] prompt, Listener listener) {
        Growing text = new Growing(tokenizer, listener);
        Answer answer = session.generate(prompt, options, stops(tokenizer), text);
        if (!text.stops.met()) {
            text.add(text.stops.next(text.decoder.finish()));
            text.add(text.stops.finish());
        }
        Finish finish = text.stops.met() ? Finish.STOP : answer.finish();
        return new Reply(text.all.toString(), answer.ids().length, finish, answer.cachedTokens());
    }

    /** Answers a prompt over a cache of its own, so that the answer depends on nothing that was asked before. */
    public Reply alone(Generator generator, Tokenizer tokenizer, int[] prompt) {
        try (Session session = generator.session(prompt.length + options.maxNewTokens())) {
            return run(session, tokenizer, prompt, part -> true);
        }
    }

    /** A special token never shows in the text; as a stop string it means its id. */
    private Set<Integer> stops(Tokenizer tokenizer) {
        Set<Integer> all = new HashSet<>(stopIds);
        for (String s : stopStrings) {
            int[] ids = tokenizer.encode(s, false);
            if (ids.length == 1 && tokenizer.decode(ids, false).equals(s) && tokenizer.decode(ids, true).isEmpty()) {
                all.add(ids[0]);
            }
        }
        return all;
    }

    private final class Growing implements Generator.Listener {
        final StreamingDecoder decoder;
        final StopStrings stops = new StopStrings(stopStrings);
        final StringBuilder all = new StringBuilder();
        final Listener listener;

        Growing(Tokenizer tokenizer, Listener listener) {
            this.decoder = new StreamingDecoder(tokenizer, true);
            this.listener = listener;
        }

        boolean add(String part) {
            all.append(part);
            return listener.next(part);
        }

        @Override
        public boolean next(int id) {
            return add(stops.next(decoder.next(id))) && !stops.met();
        }

        @Override
        public boolean reading(int done, int tokens) {
            return listener.reading(done, tokens);
        }
    }
}
