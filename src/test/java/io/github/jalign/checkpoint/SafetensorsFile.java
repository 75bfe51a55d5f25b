package io.github.jalign.checkpoint;

import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Small valid files. */
final class SafetensorsFile {
    private SafetensorsFile() {}

    static void write(Path file, TensorSource... tensors) {
        AtomicFiles.write(file, out -> SafetensorsWriter.write(out, List.of(tensors), Map.of()));
    }

    /** 0, 1, 2, … */
    static TensorSource floats(String name, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i;
        }
        return new TensorSource(name, List.of((long) count), DType.F32, DType.F32, MemorySegment.ofArray(values));
    }
}
