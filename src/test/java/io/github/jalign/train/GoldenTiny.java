package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.checkpoint.Safetensors;
import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.data.RowId;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.model.Activations;
import io.github.jalign.model.Forward;
import io.github.jalign.model.Head;
import io.github.jalign.model.KvCache;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.optim.AdamW;
import io.github.jalign.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** One golden case of a random tiny model: float64 numbers from PyTorch, and how near a backend must come. */
final class GoldenTiny implements AutoCloseable {
    static final List<String> CASES = List.of(
            "llama-gqa-untied", "llama-mha-tied", "llama3-rope", "smollm3-nope", "phi3-fused", "phi3-sliding",
            "llama-yarn", "phi3-longrope");

    /**
     * How near a backend must come.
     *
     * @param logps of a token's log-prob, relative to the larger of it and 1
     * @param gradient of a parameter's gradient, relative to its largest element
     * @param loss of an AdamW step's loss and norm, relative; half of it in the first
     * @param weight of weights after three steps, absolute, for {@code share} of them
     * @param share of all weights
     * @param worstWeight for all of them
     */
    record Bounds(double logps, double gradient, double loss, double weight, double share, double worstWeight) {}

    /**
     * The reference computes what PyTorch did in another order: sums of at most 100 terms three layers deep, 1e-12; the
     * bounds leave two digits. AdamW turns a gradient's sign into a step of lr: weights were stored as float32, 1e-7.
     */
    static final Bounds REFERENCE = new Bounds(1e-10, 1e-9, 1e-9, 2e-6, 1, 2e-6);

    /**
     * Float32: log-probs near 5 from sums over 48 to 131 terms, three layers deep: sqrt(n)·ε·layers is 3e-6; gradients
     * add the backward pass. A gradient near 0 may change sign, so a weight may miss a step of lr = 1e-3.
     */
    static final Bounds FLOAT32 = new Bounds(2e-5, 1e-4, 1e-4, 2e-5, 0.99, 1e-3);

    /**
     * Bfloat16 activations and weights: a rounding is off by 2^-9/sqrt(3) of a value on average; some 12 of each a layer
     * in five layers add up to sqrt(2 · 60) of that, 1.2e-2 of logits that spread over 2, and the worst of a thousand is
     * four times the average: 1e-1. Gradients go through as many again, and those of queries and keys are differences of
     * larger terms. AdamW's early steps are lr in the direction of a gradient's sign, so that a weight may be off by two
     * lr = 1e-3 a step; most are not. Losses and norms after such steps are off by as much again: 1e-1.
     * On the emulator the worst of them is 1.1e-2 before any step, 8.2e-2 after two.
     */
    static final Bounds BFLOAT16 = new Bounds(1e-1, 0.15, 1e-1, 5e-4, 0.8, 6e-3);

    private final Path folder;
    private final Ops ops;
    private final ModelConfig config;
    private final Map<String, Object> golden;
    private final List<Item> items = new ArrayList<>();
    private final Engine engine;

    GoldenTiny(Path folder, Backend backend, int threads) {
        this.folder = folder;
        this.ops = backend.open(threads);
        this.config = ModelConfigReader.read("config.json", object(Shared.json(folder.resolve("config.json"))));
        this.golden = object(Shared.json(folder.resolve("golden.json")));
        int line = 0;
        for (Object pair : (List<?>) golden.get("pairs")) {
            Map<String, Object> p = object(pair);
            items.add(new Item(
                    new RowId("golden", ++line),
                    ints(p.get("prompt")),
                    List.of(
                            new Completion(ints(p.get("chosen")), null),
                                    new Completion(ints(p.get("rejected")), null)))
                    .separatedAcross(config.ropeScaling().switchLength()));
        }
        this.engine = new Engine(ops, config, new Engine.Sizes(128, 128, 64), false);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    private static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(v -> ((Long) v).intValue()).toArray();
    }

    private static double[] doubles(Object list) {
        return ((List<?>) list).stream().mapToDouble(v -> ((Number) v).doubleValue()).toArray();
    }

    private static double number(Object value) {
        return ((Number) value).doubleValue();
    }

    void load(String file) {
        Map<String, double[]> tensors = read(file);
        for (Map.Entry<String, Tensor> e : engine.model().parameters().named().entrySet()) {
            ops.write(e.getValue(), tensors.get(e.getKey()));
        }
        engine.model().refresh();
    }

    private Map<String, double[]> read(String file) {
        Map<String, double[]> tensors = new LinkedHashMap<>();
        try (Safetensors in = Safetensors.open(folder.resolve(file));
                Arena arena = Arena.ofConfined()) {
            in.tensors().forEach((name, entry) -> {
                MemorySegment segment = arena.allocate(entry.elements() * 8, 8);
                in.readDoubles(name, segment);
                tensors.put(name, segment.toArray(ValueLayout.JAVA_DOUBLE));
            });
        }
        return tensors;
    }

    Ops ops() {
        return ops;
    }

    Engine engine() {
        return engine;
    }

    List<Item> items() {
        return items;
    }

    double[][][] logps() {
        double[][][] logps = new double[items.size()][2][];
        Pack pack = Pack.of(items);
        double[] statistics = engine.forward(pack);
        for (Pack.Sequence s : pack.sequences()) {
            double[] values = new double[s.count()];
            for (int i = 0; i < values.length; i++) {
                values[i] = statistics[(s.firstRow() + i) * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
            }
            logps[s.item()][s.completion()] = values;
        }
        return logps;
    }

    /** Token log-probs of policy and reference. */
    void checkLogps(Bounds bounds) {
        for (String who : List.of("policy", "reference")) {
            load(who.equals("policy") ? "model.safetensors" : "reference.safetensors");
            double[][][] found = logps();
            List<?> expected = (List<?>) golden.get("token_logps");
            for (int i = 0; i < items.size(); i++) {
                Map<String, Object> pair = object(expected.get(i));
                assertLogps(doubles(pair.get(who + "_chosen")), found[i][0], bounds, who + " chosen " + i);
                assertLogps(doubles(pair.get(who + "_rejected")), found[i][1], bounds, who + " rejected " + i);
            }
        }
    }

    private static void assertLogps(double[] expected, double[] found, Bounds bounds, String what) {
        assertEquals(expected.length, found.length, what);
        for (int t = 0; t < expected.length; t++) {
            assertEquals(expected[t], found[t], bounds.logps * Math.max(1, Math.abs(expected[t])), what + " token " + t);
        }
    }

    /** Every parameter's gradient of the sigmoid loss, and three AdamW steps. */
    void checkTraining(Bounds bounds) {
        load("reference.safetensors");
        ReferenceLogps reference = new ReferenceLogps(logps());
        load("model.safetensors");
        double beta = number(golden.get("beta"));
        Objective objective = new DpoObjective(items, reference, new Sigmoid(beta), beta);
        Map<String, Object> adamw = object(golden.get("adamw"));
        AdamW optimizer = engine.optimizer(new AdamW.Settings(0.9, 0.999, 1e-8, 0.1));
        List<?> steps = (List<?>) adamw.get("steps");
        for (int step = 0; step < steps.size(); step++) {
            Map<String, Object> expected = object(steps.get(step));
            optimizer.clearGradients();
            double loss = step(objective);
            double bound = step == 0 ? bounds.loss / 2 : bounds.loss; // no update has added to it yet
            assertRelative(number(expected.get("loss")), loss, bound, "loss " + step);
            double norm = optimizer.gradientNorm();
            assertRelative(number(expected.get("grad_norm")), norm, bound, "norm " + step);
            if (step == 0) {
                checkGradients(bounds);
            }
            optimizer.step(step + 1, number(adamw.get("lr")), AdamW.clippingFactor(norm, 1));
            engine.model().refresh();
        }
        checkWeights(bounds);
    }

    private double step(Objective objective) {
        List<List<Integer>> groups = List.of(List.of(0, 1, 2, 3));
        Objective.Window window = objective.open(groups);
        for (Batch.Packed packed : Batch.of(groups, items, 1024).packs(items)) {
            engine.backward(packed.pack(), window.add(packed, engine.forward(packed.pack())));
        }
        return Arrays.stream(window.losses()).sum();
    }

    private static void assertRelative(double expected, double found, double bound, String what) {
        assertEquals(expected, found, bound * Math.max(1, Math.abs(expected)), what);
    }

    private void checkGradients(Bounds bounds) {
        Map<String, double[]> expected = read("gradients.safetensors");
        Map<String, Tensor> found = engine.gradients().named();
        assertEquals(expected.keySet(), new TreeSet<>(found.keySet()));
        expected.forEach((name, values) -> {
            double largest = Arrays.stream(values).map(Math::abs).max().orElseThrow();
            assertTrue(largest > 0, name);
            assertArrayEquals(values, ops.read(found.get(name)), bounds.gradient * largest, name);
        });
    }

    private void checkWeights(Bounds bounds) {
        long near = 0;
        long all = 0;
        for (Map.Entry<String, double[]> e : read("after3.safetensors").entrySet()) {
            double[] found = ops.read(engine.model().parameters().named().get(e.getKey()));
            assertArrayEquals(e.getValue(), found, bounds.worstWeight, e.getKey());
            for (int i = 0; i < found.length; i++) {
                near += Math.abs(found[i] - e.getValue()[i]) <= bounds.weight ? 1 : 0;
                all++;
            }
        }
        assertTrue(near >= bounds.share * all, near + " of " + all + " weights within " + bounds.weight);
    }

    /**
     * 24 greedy ids over the cache, each the best up to the bound of two logits, prompt in two pieces; and the logits of
     * each pair's last prompt token, before the chosen answer.
     */
    void checkDecoding(Bounds bounds) {
        load("model.safetensors");
        Activations activations = new Activations(ops, config, 32, Activations.Keep.NOTHING);
        Forward forward = new Forward(engine.model(), activations);
        Head head = new Head(engine.model(), 1, false);
        Map<String, Object> greedy = object(golden.get("greedy"));
        int[] prompt = ints(greedy.get("prompt"));
        int[] expected = ints(greedy.get("ids"));
        try (KvCache cache = new KvCache(ops, config, prompt.length + expected.length)) {
            forward.extend(Arrays.copyOf(prompt, 3), cache);
            forward.extend(Arrays.copyOfRange(prompt, 3, prompt.length), cache);
            int last = prompt.length - 4;
            for (int i = 0; i < expected.length; i++) {
                double[] logits = ops.read(head.logits(activations.hidden(last + 1), last));
                double best = Arrays.stream(logits).max().orElseThrow();
                double near = 2 * bounds.logps * Math.max(1, Math.abs(best));
                assertEquals(best, logits[expected[i]], near, "greedy token " + i);
                forward.extend(new int[] {expected[i]}, cache);
                last = 0;
            }
        }
        List<?> probes = (List<?>) golden.get("logits_at_last_prompt_token");
        for (int i = 0; i < items.size(); i++) {
            Map<String, Object> pair = object(((List<?>) golden.get("pairs")).get(i));
            int[] ids = IntStream.concat(Arrays.stream(ints(pair.get("prompt"))), Arrays.stream(ints(pair.get("chosen"))))
                    .toArray();
            forward.run(ids, Segments.sequences(ids.length));
            int last = ints(pair.get("prompt")).length - 1;
            double[] logits = ops.read(head.logits(activations.hidden(ids.length), last));
            double[] wanted = doubles(probes.get(i));
            for (int v = 0; v < wanted.length; v++) {
                assertRelative(wanted[v], logits[v], bounds.logps, "logit " + v + " of prompt " + i);
            }
        }
    }

    @Override
    public void close() {
        ops.close();
    }
}
