package io.github.jalign.model;

/** The families that differ only in data: names of fused tensors, windows, and which layers rotate. */
public enum Architecture {
    LLAMA("llama", "LlamaForCausalLM"),
    MISTRAL("mistral", "MistralForCausalLM"),
    SMOLLM3("smollm3", "SmolLM3ForCausalLM"),
    PHI3("phi3", "Phi3ForCausalLM");

    private final String modelType;
    private final String className;

    Architecture(String modelType, String className) {
        this.modelType = modelType;
        this.className = className;
    }

    /** {@code model_type} in config.json. */
    public String modelType() {
        return modelType;
    }

    /** {@code architectures[0]} in config.json. */
    public String className() {
        return className;
    }

    /** Whether checkpoints hold q, k and v (and gate and up) as one tensor each. */
    public boolean fusedProjections() {
        return this == PHI3;
    }
}
