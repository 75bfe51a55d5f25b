package io.github.jalign.convert;

import io.github.jalign.model.Architecture;
import org.jspecify.annotations.Nullable;

/**
 * How llama.cpp names the architectures that jalign knows: {@code general.architecture} (llama-arch.cpp, August 2026).
 */
enum GgufArchitecture {
    /** Llama, and Mistral, whose sliding window llama.cpp leaves out. */
    LLAMA("llama"),
    SMOLLM3("smollm3"),
    PHI3("phi3");

    private final String key;

    GgufArchitecture(String key) {
        this.key = key;
    }

    /** The name, which begins the keys of the architecture too. */
    String key() {
        return key;
    }

    /**
     * Whether rotary positions turn neighbours of a row of q and k, and not, as in checkpoints of transformers, the
     * first half of a head against the second.
     */
    boolean turnsNeighbours() {
        return this != PHI3;
    }

    static GgufArchitecture of(Architecture architecture) {
        return switch (architecture) {
            case LLAMA, MISTRAL -> LLAMA;
            case SMOLLM3 -> SMOLLM3;
            case PHI3 -> PHI3;
        };
    }

    /** Null for one that jalign does not know. */
    static @Nullable GgufArchitecture of(String key) {
        for (GgufArchitecture a : values()) {
            if (a.key.equals(key)) {
                return a;
            }
        }
        return null;
    }
}
