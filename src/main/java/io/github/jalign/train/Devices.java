package io.github.jalign.train;

import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.ops.Backend;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which backend a configuration means, and what memory there is for it. */
final class Devices {
    private Devices() {}

    /** @throws JalignException of kind DEVICE for a GPU that is asked for and cannot be used */
    static Backend backend(Compute compute, TrainListener listener) {
        boolean float32 = compute.dtype() == Precision.FLOAT32;
        Backend backend =
                switch (compute.device()) {
                    case AUTO -> Backend.fastest(float32, listener::said);
                    case CPU -> Backend.CPU;
                    case REFERENCE -> Backend.REFERENCE;
                    case CUDA -> float32 ? Backend.CUDA_FLOAT32 : Backend.CUDA;
                };
        if (compute.device() == Device.CUDA) {
            backend.obstacle().ifPresent(obstacle -> {
                throw obstacle;
            });
        }
        if (compute.dtype() == Precision.BFLOAT16 && backend == Backend.CPU) {
            listener.warned("dtype bfloat16: the cpu computes in float32, which is more exact and here not slower");
        }
        return backend;
    }

    /** The plan of a run, on the CPU instead when {@code device: auto} found a GPU that is too small or does not open. */
    record Planned(Backend backend, Engine.Sizes sizes, MemoryPlan memory) {}

    /**
     * What the data asks for.
     *
     * @param item tokens of the largest row, all its completions included
     * @param all tokens of all rows
     * @param longest tokens of the longest sequence
     * @param pack tokens of a pack as a run that is resumed had them, or null
     */
    record Demand(int item, long all, int longest, @Nullable Integer pack) {
        static Demand of(List<Item> items, @Nullable Integer pack) {
            int largest = 0;
            int longest = 0;
            long all = 0;
            for (Item item : items) {
                int tokens = Pack.tokens(item);
                largest = Math.max(largest, tokens);
                all += tokens;
                for (int c = 0; c < item.completions().size(); c++) {
                    longest = Math.max(longest, item.length(c));
                }
            }
            return new Demand(largest, all, longest, pack);
        }

        Engine.Sizes with(int packTokens) {
            int tokens = pack != null ? pack : (int) Math.max(item, Math.min(packTokens, all));
            return new Engine.Sizes(tokens, tokens, longest);
        }
    }

    /** What keeps {@code auto} from a device that was found: too little memory, or another program's hold on it. */
    private static final Set<JalignException.Kind> FALLBACK =
            EnumSet.of(JalignException.Kind.MEMORY, JalignException.Kind.DEVICE);

    /** Tokens computed together on the CPU, whose caches they leave anyway, unless one row is longer. */
    private static final int HOST_PACK = 1024;

    /** The same on a GPU, which wants thousands of rows to fill its processors, down to what still fits its memory. */
    private static final List<Integer> DEVICE_PACKS = List.of(16384, 8192, 4096, 2048);

    /**
     * Plans a run.
     *
     * @param backend that the configuration means
     * @throws JalignException of kind MEMORY when the run does not fit
     */
    static Planned plan(
            Backend backend, Compute compute, ModelConfig config, Demand demand, TrainListener listener) {
        try {
            return planned(backend, compute, config, demand);
        } catch (JalignException e) {
            boolean another = compute.device() == Device.AUTO && backend.hasDeviceMemory();
            if (!another || !FALLBACK.contains(e.kind())) {
                throw e;
            }
            listener.warned("device auto: cpu; for cuda " + e.brief());
            return planned(Backend.CPU, compute, config, demand);
        }
    }

    private static Planned planned(Backend backend, Compute compute, ModelConfig config, Demand demand) {
        long available = availableMemory(backend, compute);
        boolean recompute = compute.gradientCheckpointing() != null && compute.gradientCheckpointing();
        for (int pack : backend.hasDeviceMemory() ? DEVICE_PACKS : List.<Integer>of()) {
            Engine.Sizes sizes = demand.with(pack);
            MemoryPlan plan = MemoryPlan.count(backend, compute.threads(), config, sizes, recompute, available);
            if (plan.fits()) {
                return new Planned(backend, sizes, plan);
            }
        }
        Engine.Sizes sizes = demand.with(HOST_PACK);
        return new Planned(
                backend,
                sizes,
                MemoryPlan.of(
                        backend, compute.threads(), config, sizes, compute.gradientCheckpointing(), available));
    }

    /** {@code max_memory}, or what is free on the device, or what the system says can be had without swapping. */
    private static long availableMemory(Backend backend, Compute compute) {
        if (compute.maxMemory() != null) {
            return compute.maxMemory();
        }
        OptionalLong device = backend.freeDeviceMemory();
        return device.isPresent() ? device.getAsLong() : HostMemory.availableBytes();
    }
}
