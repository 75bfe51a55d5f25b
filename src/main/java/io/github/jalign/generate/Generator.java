package io.github.jalign.generate;

import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.Activations;
import io.github.jalign.model.CausalLm;
import io.github.jalign.model.Forward;
import io.github.jalign.model.Head;
import io.github.jalign.model.KvCache;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.model.Parameters;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.CountingOps;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Workload;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * A model folder loaded to answer and to score: one sequence at a time over a key/value cache. Used by one thread at a
 * time; {@link #close} frees everything.
 */
public final class Generator implements AutoCloseable {
    /** Tokens of a prompt that run at once. */
    private static final int PREFILL = 512;

    private final Ops ops;
    private final ModelConfig config;
    private final CausalLm model;
    private final GenerationDefaults defaults;
    private final int longest;
    private final Activations activations;
    private final Head head;

    /** Follows an answer as it grows. */
    public interface Listener {
        /** @return false to stop after this token */
        boolean next(int id);

        /**
         * Asked before each piece of a prompt is read, of which {@code done} tokens of {@code all} have been.
         *
         * @return false to give up before the first token
         */
        default boolean reading(int done, int all) {
            return true;
        }
    }

    /**
     * Loads a model.
     *
     * @param threads of the CPU; 0 takes one a hardware thread
     * @param longest tokens of prompt and answer together that will come
     * @throws JalignException for a folder that breaks a rule; of kind MEMORY, before anything is loaded, when a device's
     *     memory is too small
     */
    public Generator(Path folder, Backend backend, int threads, int longest) {
        this(folder, backend.open(threads), longest, config -> requireRoom(folder, backend, threads, config, longest));
    }

    /**
     * @param ops closed with the generator, or when it cannot be made
     * @param check is shown what model it is before anything is allocated
     */
    Generator(Path folder, Ops ops, int longest, Consumer<ModelConfig> check) {
        this.ops = ops;
        this.longest = longest;
        boolean made = false;
        try (ModelFolder files = ModelFolder.open(folder)) {
            this.config = ModelConfigReader.read(folder.resolve("config.json").toString(), files.config());
            this.defaults = GenerationDefaults.read(folder, config);
            check.accept(config);
            Rooms rooms = Rooms.of(ops, config, longest);
            this.model = rooms.model;
            this.activations = rooms.activations;
            this.head = rooms.head;
            ModelFiles.load(files, config, rooms.parameters, ops);
            model.refresh();
            made = true;
        } finally {
            if (!made) {
                ops.close();
            }
        }
    }

    /** What is allocated before weights are read. */
    private record Rooms(Parameters parameters, CausalLm model, Activations activations, Head head) {
        static Rooms of(Ops ops, ModelConfig config, int longest) {
            Parameters parameters =
                    new Parameters(config, ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype())));
            CausalLm model = new CausalLm(ops, config, parameters, longest);
            Activations activations =
                    new Activations(ops, config, Math.min(PREFILL, longest), Activations.Keep.NOTHING);
            Head head = new Head(model, 1, false);
            reserve(ops, config, longest, activations.capacity(), 1);
            return new Rooms(parameters, model, activations, head);
        }
    }

    /** Counts, in a dry run, what the generator and a session of {@code longest} tokens hold. */
    private static void requireRoom(Path folder, Backend backend, int threads, ModelConfig config, int longest) {
        OptionalLong free = backend.freeDeviceMemory();
        if (free.isEmpty()) {
            return;
        }
        try (CountingOps plan = backend.plan(threads);
                KvCache cache = new KvCache(plan, config, longest)) {
            Rooms.of(plan, config, longest).model.refresh();
            if (plan.peakBytes() > free.getAsLong()) {
                throw new JalignException(
                        JalignException.Kind.MEMORY,
                        folder.toString(),
                        "weights, workspaces and a cache of %,d tokens must fit into device memory"
                                .formatted(cache.capacity()),
                        String.format(
                                Locale.ROOT, "%.2f GiB planned, %.2f GiB free", plan.peakBytes() / 0x1p30,
                                free.getAsLong() / 0x1p30),
                        "room for the plan",
                        "stop what else uses the card (nvidia-smi), ask for fewer tokens (--max_new_tokens),"
                                + " or run with --device=cpu");
            }
        }
    }

    private void reserve(int tokens, int rows) {
        reserve(ops, config, longest, tokens, rows);
    }

    private static void reserve(Ops ops, ModelConfig config, int longest, int tokens, int rows) {
        ops.reserve(new Workload(
                tokens,
                longest,
                config.numAttentionHeads(),
                config.numKeyValueHeads(),
                config.headDim(),
                Math.max(2 * config.intermediateSize(), config.packedWidth()),
                config.hiddenSize(),
                config.vocabularySize(),
                Head.chunkRows(config, ops.accumulationDtype(), rows),
                false));
    }

    public ModelConfig config() {
        return config;
    }

    /** What computes, for people. */
    public String description() {
        return ops.description();
    }

    /** Bytes of weights, caches and workspaces now; 0 after {@link #close}. */
    public long allocatedBytes() {
        return ops.allocatedBytes();
    }

    /** What generation_config.json says. */
    public GenerationDefaults defaults() {
        return defaults;
    }

    /**
     * Continues a prompt until a stop token, the limit or the listener ends it.
     *
     * @param prompt at least one token id
     * @return the new ids, without the stop token
     */
    public int[] generate(int[] prompt, SamplingOptions options, Set<Integer> stopIds, Listener listener) {
        Session.requireRoom(prompt, options, longest);
        try (Session session = session(prompt.length + options.maxNewTokens())) {
            return session.generate(prompt, options, stopIds, listener).ids();
        }
    }

    /**
     * A sequence that keeps what it has read from one prompt to the next.
     *
     * @param capacity tokens of prompt and answer together, at most what was planned
     */
    public Session session(int capacity) {
        if (capacity > longest) {
            throw new IllegalArgumentException(capacity + " tokens, planned for " + longest);
        }
        return new Session(model, activations, head, capacity);
    }

    /**
     * Log-probs of completions, summed over their trained tokens.
     *
     * @return one row an item, one number a completion
     */
    public double[][] score(List<Item> items) {
        return Arrays.stream(tokenLogps(items, done -> {}))
                .map(item -> Arrays.stream(item).mapToDouble(Generator::sum).toArray())
                .toArray(double[][]::new);
    }

    /** In the tokens' order, as training sums. */
    static double sum(double[] logps) {
        double sum = 0;
        for (double logp : logps) {
            sum += logp;
        }
        return sum;
    }

    /**
     * Log-probs of completions' trained tokens.
     *
     * @param rows none longer than was planned
     * @param scored told how many are done
     * @return [item][completion][trained token]
     */
    public double[][][] tokenLogps(List<Item> rows, IntConsumer scored) {
        List<Item> items = rows.stream()
                .map(item -> item.separatedAcross(config.ropeScaling().switchLength()))
                .toList();
        int tokens = Math.max(PREFILL, items.stream().mapToInt(Pack::tokens).max().orElse(1));
        try (Activations wide = new Activations(ops, config, tokens, Activations.Keep.NOTHING);
                Head wideHead = new Head(model, tokens, false)) {
            reserve(tokens, tokens);
            Forward wideForward = new Forward(model, wide);
            double[][][] logps = new double[items.size()][][];
            int from = 0;
            for (int to : Pack.plan(items, tokens)) {
                Pack pack = Pack.of(items.subList(from, to));
                wideForward.run(pack.tokens(), pack.segments());
                double[] statistics =
                        wideHead.forward(wide.hidden(pack.tokens().length), pack.rows(), pack.targets());
                for (Pack.Sequence s : pack.sequences()) {
                    int item = from + s.item();
                    if (logps[item] == null) {
                        logps[item] = new double[items.get(item).completions().size()][];
                    }
                    double[] ofTokens = new double[s.count()];
                    Arrays.setAll(ofTokens, i -> statistics[
                            (s.firstRow() + i) * HeadStatistics.COLUMNS + HeadStatistics.LOGP]);
                    logps[item][s.completion()] = ofTokens;
                }
                from = to;
                scored.accept(from);
            }
            return logps;
        } finally {
            reserve(activations.capacity(), 1); // anew, where there was no room for the larger
        }
    }

    @Override
    public void close() {
        ops.close();
    }
}
