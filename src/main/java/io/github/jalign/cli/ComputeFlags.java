package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.Generator;
import io.github.jalign.ops.Backend;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where a model runs. */
final class ComputeFlags {
    enum Device {
        AUTO,
        CPU,
        CUDA,
        REFERENCE
    }

    enum DType {
        BFLOAT16,
        FLOAT32
    }

    @Option(names = "--device", paramLabel = "DEVICE", converter = DeviceWord.class, description = "cpu, cuda, reference, or auto: the GPU if it can be used, else the cpu (default).")
    private Device device = Device.AUTO;

    @Option(names = "--dtype", paramLabel = "DTYPE", converter = DTypeWord.class, description = "bfloat16 or float32 on cuda (default: bfloat16); the cpu has float32.")
    private @Nullable DType dtype;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the cpu; 0 for all (default).")
    private int threads;

    private boolean explained;

    /**
     * @param longest tokens of prompt and answer together that will come
     * @param err hears why auto does not take the GPU, once
     */
    Generator load(Path model, int longest, PrintWriter err) {
        Backend backend = backend(err);
        try {
            return new Generator(model, backend, threads, longest);
        } catch (JalignException e) {
            boolean another = device == Device.AUTO && backend.hasDeviceMemory();
            if (!another || e.kind() != JalignException.Kind.MEMORY && e.kind() != JalignException.Kind.DEVICE) {
                throw e;
            }
            err.println("warning: device auto: cpu; for cuda " + e.brief());
            return new Generator(model, Backend.CPU, threads, longest);
        }
    }

    private Backend backend(PrintWriter err) {
        boolean float32 = dtype == DType.FLOAT32;
        return switch (device) {
            case AUTO -> Backend.fastest(float32, because -> {
                if (!explained) {
                    err.println("note: " + because);
                }
                explained = true;
            });
            case CPU -> Backend.CPU;
            case CUDA -> float32 ? Backend.CUDA_FLOAT32 : Backend.CUDA;
            case REFERENCE -> Backend.REFERENCE;
        };
    }

    /** Words are the names in lower case, as in recipes. */
    private static <E extends Enum<E>> E word(Class<E> type, String word) {
        for (E value : type.getEnumConstants()) {
            if (spelling(value).equals(word)) {
                return value;
            }
        }
        throw new TypeConversionException("expected one of "
                + Arrays.stream(type.getEnumConstants()).map(ComputeFlags::spelling).collect(Collectors.joining(", "))
                + " but was '" + word + "'");
    }

    private static String spelling(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    static final class DeviceWord implements ITypeConverter<Device> {
        @Override
        public Device convert(String word) {
            return word(Device.class, word);
        }
    }

    static final class DTypeWord implements ITypeConverter<DType> {
        @Override
        public DType convert(String word) {
            return word(DType.class, word);
        }
    }
}
