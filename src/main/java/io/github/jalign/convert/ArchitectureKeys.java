package io.github.jalign.convert;

import io.github.jalign.checkpoint.GgufKeys;
import io.github.jalign.errors.JalignException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a GGUF file that describe the architecture: all begin with its name. Every one that the file has must be
 * asked for, because one that is overlooked may change the numbers.
 */
final class ArchitectureKeys {
    private final String where;
    private final GgufKeys keys;
    private final String prefix;
    private final Set<String> asked = new HashSet<>();

    /** @param where names the file in errors */
    ArchitectureKeys(String where, GgufKeys keys, GgufArchitecture architecture) {
        this.where = where;
        this.keys = keys;
        this.prefix = architecture.key() + ".";
    }

    /** Where a key stands, for errors. */
    String where(String name) {
        return keys.where(prefix + name);
    }

    @Nullable String text(String name) {
        return keys.text(key(name));
    }

    @Nullable Double number(String name) {
        return keys.number(key(name));
    }

    double requiredNumber(String name) {
        Double value = number(name);
        if (value == null) {
            throw missing(name);
        }
        return value;
    }

    /** A whole number from 0 to 2^31 - 1, or null. */
    @Nullable Integer size(String name) {
        Long value = keys.whole(key(name));
        if (value == null) {
            return null;
        }
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw Refusal.of(
                    keys.where(key(name)),
                    "a size must fit 31 bits",
                    value.toString(),
                    "a number from 0 to 2147483647",
                    "make sure that the file is a model that this architecture can be");
        }
        return value.intValue();
    }

    /** A whole number from 1 to 2^31 - 1. */
    int requiredSize(String name) {
        Integer value = size(name);
        if (value == null) {
            throw missing(name);
        }
        if (value == 0) {
            throw Refusal.of(
                    keys.where(key(name)),
                    "the model needs this size",
                    "0",
                    "a whole number of at least 1",
                    "convert the original model to GGUF again");
        }
        return value;
    }

    /** Refuses a file whose architecture has keys that nobody asked for. */
    void requireAllAsked() {
        for (String name : keys.names()) {
            if (name.startsWith(prefix) && !asked.contains(name)) {
                throw Refusal.of(
                        keys.where(name),
                        "every key of the architecture must be one that jalign understands",
                        "a key that may change the numbers",
                        "the keys of a plain " + prefix.substring(0, prefix.length() - 1) + " model",
                        "use the model's own Hugging Face folder");
            }
        }
    }

    private String key(String name) {
        String key = prefix + name;
        asked.add(key);
        return key;
    }

    private JalignException missing(String name) {
        return Refusal.of(
                where,
                "the file must hold the key " + prefix + name,
                "no such key",
                "the keys that llama.cpp writes for this architecture",
                "convert the original model to GGUF again");
    }
}
