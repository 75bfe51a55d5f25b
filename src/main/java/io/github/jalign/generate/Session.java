package io.github.jalign.generate;

import io.github.jalign.errors.JalignException;
import io.github.jalign.model.Activations;
import io.github.jalign.model.CausalLm;
import io.github.jalign.model.Decoding;
import io.github.jalign.model.Forward;
import io.github.jalign.model.Head;
import io.github.jalign.model.KvCache;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One sequence that grows: what the model has read stays in the key/value cache, and a prompt that begins with the same
 * tokens costs only those that are new. For the generator's thread; to be closed before the generator, and used by turns
 * with its other sessions.
 */
public final class Session implements AutoCloseable {
    private final Ops ops;
    private final Activations activations;
    private final Head head;
    private final Forward forward;
    private final KvCache cache;

    /** @param capacity tokens of prompt and answer together at most */
    Session(CausalLm model, Activations activations, Head head, int capacity) {
        this.ops = model.ops();
        this.activations = activations;
        this.head = head;
        this.forward = new Forward(model, activations);
        this.cache = new KvCache(ops, model.config(), capacity);
    }

    /** Tokens of prompt and answer together at most. */
    public int capacity() {
        return cache.capacity();
    }

    /**
     * Continues a prompt until a stop token, the limit or the listener ends it.
     *
     * @param prompt at least one token id
     * @throws JalignException of kind USAGE when prompt and answer may not fit, of kind NUMERIC when a logit is not a
     *     number
     */
    public Answer generate(int[] prompt, SamplingOptions options, Set<Integer> stopIds, Generator.Listener listener) {
        requireRoom(prompt, options, capacity());
        // The last token always runs: its logits are needed.
        int cached = Math.min(forward.reusable(cache, prompt), prompt.length - 1);
        cache.truncate(cached);
        Tensor logits = prefill(prompt, listener);
        if (logits == null) {
            return new Answer(new int[0], Finish.CANCELLED, cached);
        }
        Sampler sampler = new Sampler(options, prompt);
        List<Integer> answer = new ArrayList<>();
        Finish finish;
        try (Decoding decoding = new Decoding(ops, forward, activations, head, cache)) {
            while (true) {
                int id = sampler.next(ops, logits);
                if (stopIds.contains(id)) {
                    finish = Finish.STOP;
                    break;
                }
                answer.add(id);
                if (!listener.next(id)) {
                    finish = Finish.CANCELLED;
                    break;
                }
                if (answer.size() == options.maxNewTokens()) {
                    finish = Finish.LENGTH;
                    break;
                }
                logits = decoding.next(id);
            }
        }
        return new Answer(answer.stream().mapToInt(Integer::intValue).toArray(), finish, cached);
    }

    /** Reads what the cache lacks of a prompt: the logits of what follows, or null when the listener gave up. */
    private @Nullable Tensor prefill(int[] prompt, Generator.Listener listener) {
        int count = 0;
        while (cache.length() < prompt.length) {
            int from = cache.length();
            if (!listener.reading(from, prompt.length)) {
                return null;
            }
            count = Math.min(activations.capacity(), prompt.length - from);
            forward.extend(Arrays.copyOfRange(prompt, from, from + count), cache, prompt.length);
        }
        return head.logits(activations.hidden(count), count - 1);
    }

    /** @param most tokens in all */
    static void requireRoom(int[] prompt, SamplingOptions options, int most) {
        if (prompt.length == 0 || prompt.length + options.maxNewTokens() > most) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "prompt",
                    "prompt and answer must fit what was planned",
                    prompt.length + " + " + options.maxNewTokens() + " tokens",
                    "at least one token of prompt, at most " + most + " tokens in all",
                    "shorten the prompt or lower max_new_tokens");
        }
    }

    @Override
    public void close() {
        cache.close();
    }
}
