package io.github.jalign.model;

import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.checkpoint.Safetensors;
import io.github.jalign.checkpoint.TensorSource;
import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Parameters from and to the tensors of a model folder: every name exactly once, every shape as the configuration says. */
public final class ModelFiles {
    private ModelFiles() {}

    /**
     * Fills the parameters.
     *
     * @throws JalignException of kind INPUT for a missing or unexpected tensor, or one of another shape
     */
    public static void load(ModelFolder folder, ModelConfig config, Parameters parameters, Ops ops) {
        checkNames(folder, config, parameters);
        parameters.named().forEach((name, tensor) -> {
            checkShape(folder, name, tensor);
            ops.upload(tensor, to -> {
                if (tensor.dtype() == DType.F64) {
                    folder.readDoubles(name, to);
                } else {
                    folder.readFloats(name, to);
                }
            });
        });
    }

    private static void checkNames(ModelFolder folder, ModelConfig config, Parameters parameters) {
        Set<String> missing = new TreeSet<>(parameters.named().keySet());
        missing.removeAll(folder.tensorNames());
        Set<String> unexpected = new TreeSet<>(folder.tensorNames());
        unexpected.removeAll(parameters.named().keySet());
        // transformers ignores these too: the tables of old checkpoints, and a tied head that was written out
        unexpected.removeIf(name -> name.endsWith(".rotary_emb.inv_freq")
                || config.tieWordEmbeddings() && name.equals("lm_head.weight"));
        if (!missing.isEmpty() || !unexpected.isEmpty()) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    folder.path().toString(),
                    "the tensors must be those of the configuration",
                    (missing.isEmpty() ? "none missing" : missing.size() + " missing, such as " + missing.iterator().next())
                            + "; "
                            + (unexpected.isEmpty()
                                    ? "none unexpected"
                                    : unexpected.size() + " unexpected, such as " + unexpected.iterator().next()),
                    parameters.named().size() + " tensors of a " + config.architecture().modelType() + " model with "
                            + config.layers().size() + " layers",
                    "check that config.json and the weights belong together");
        }
    }

    private static void checkShape(ModelFolder folder, String name, Tensor tensor) {
        Safetensors.Entry entry = folder.entry(name);
        List<Long> expected = shape(tensor);
        if (!entry.shape().equals(expected)) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    folder.path() + ": " + name,
                    "a tensor's shape must follow from the configuration",
                    entry.shape().toString(),
                    expected.toString(),
                    "check that config.json and the weights belong together");
        }
    }

    /** Norms and biases are vectors in checkpoints. */
    private static List<Long> shape(Tensor tensor) {
        boolean vector = tensor.rows() == 1 && (tensor.name().endsWith(".bias") || tensor.name().endsWith("norm.weight"));
        return vector ? List.of((long) tensor.cols()) : List.of((long) tensor.rows(), (long) tensor.cols());
    }

    /**
     * The parameters as tensors to be written, under the checkpoint's names.
     *
     * @param prefix put before each name, for optimiser moments; empty for weights
     */
    public static List<TensorSource> sources(Ops ops, Parameters parameters, String prefix, DType saveAs) {
        List<TensorSource> sources = new ArrayList<>();
        for (Map.Entry<String, Tensor> e : parameters.named().entrySet()) {
            Tensor tensor = e.getValue();
            sources.add(new TensorSource(
                    prefix + e.getKey(), shape(tensor), tensor.dtype(), saveAs, () -> ops.download(tensor)));
        }
        return sources;
    }

    /** Fills an arena's tensors from one file, under prefixed names: what {@link #sources} wrote. */
    public static void load(Safetensors file, String prefix, Parameters parameters, Ops ops) {
        parameters.named().forEach((name, tensor) -> ops.upload(tensor, to -> {
            if (tensor.dtype() == DType.F64) {
                file.readDoubles(prefix + name, to);
            } else {
                file.readFloats(prefix + name, to);
            }
        }));
    }
}
