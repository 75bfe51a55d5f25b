package io.github.jalign.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Named tensors of one dtype in one contiguous range, each starting on a 64-byte boundary. The gaps hold zeros and stay
 * zero under every element-wise operator, so a norm, an optimiser step or a copy may run over {@link #flat}.
 */
public final class TensorArena implements AutoCloseable {
    private static final int ALIGNMENT = 64;

    private final String purpose;
    private final Memory memory;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final DType dtype;
    private final Runnable release;

    /**
     * @param memory at least {@link #bytes(List)} bytes of zeros
     * @param release gives the memory back
     */
    public TensorArena(String purpose, List<TensorSpec> specs, Memory memory, Runnable release) {
        this.purpose = purpose;
        this.memory = memory;
        this.release = release;
        this.dtype = specs.isEmpty() ? DType.F32 : specs.getFirst().dtype();
        List<Long> offsets = offsets(specs);
        for (int i = 0; i < specs.size(); i++) {
            TensorSpec s = specs.get(i);
            if (s.dtype() != dtype) {
                throw new IllegalArgumentException(purpose + ": one arena holds one dtype, not " + dtype + " and " + s);
            }
            Tensor tensor = new Tensor(
                    s.name(), memory, s.dtype(), offsets.get(i) / s.dtype().bytes(), s.rows(), s.cols(), s.cols());
            if (tensors.put(s.name(), tensor) != null) {
                throw new IllegalArgumentException(purpose + ": two tensors named " + s.name());
            }
        }
    }

    /** Bytes that the tensors take, gaps included. */
    public static long bytes(List<TensorSpec> specs) {
        return offsets(specs).getLast();
    }

    /** Byte offset of each tensor, and the end of the last. */
    private static List<Long> offsets(List<TensorSpec> specs) {
        List<Long> offsets = new ArrayList<>(specs.size() + 1);
        long at = 0;
        for (TensorSpec s : specs) {
            offsets.add(at);
            long end = at + s.elements() * s.dtype().bytes();
            at = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
        offsets.add(at);
        return offsets;
    }

    public String purpose() {
        return purpose;
    }

    public long bytes() {
        return memory.bytes();
    }

    public Tensor get(String name) {
        @Nullable Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(purpose + " holds no tensor " + name);
        }
        return tensor;
    }

    /** Everything in the order it was asked for. */
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** All tensors and the gaps between them, 64 bytes a row so that no count leaves 31 bits. */
    public Tensor flat() {
        return range(0, memory.bytes() / dtype.bytes());
    }

    /**
     * Elements [from, to) of the whole range, 64 bytes a row.
     *
     * @param from a multiple of 64 bytes, as every tensor's offset is; so is {@code to}, or the end
     */
    public Tensor range(long from, long to) {
        int width = ALIGNMENT / dtype.bytes();
        if (from % width != 0 || to % width != 0) {
            throw new IllegalArgumentException(purpose + ": a range starts and ends on 64 bytes");
        }
        return new Tensor(purpose, memory, dtype, from, Math.toIntExact((to - from) / width), width, width);
    }

    @Override
    public void close() {
        release.run();
    }
}
