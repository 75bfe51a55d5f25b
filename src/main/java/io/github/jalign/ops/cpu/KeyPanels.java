package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;

/**
 * A run of keys and values of one head, packed for queries that stand in the columns of tiles: keys are lines of depth E,
 * values are E lines of a depth of keys.
 */
final class KeyPanels {
    private final Panels keys;
    private final Panels values;

    /** @param context keys at most */
    KeyPanels(MicroKernel kernel, int context, int headDim) {
        keys = new Panels(kernel.rows(), Panels.floats(kernel.rows(), context, headDim));
        values = new Panels(kernel.rows(), Panels.floats(kernel.rows(), headDim, context));
    }

    static long floats(MicroKernel kernel, int context, int headDim) {
        return (long) Panels.floats(kernel.rows(), context, headDim) + Panels.floats(kernel.rows(), headDim, context);
    }

    void pack(Matrix qkv, AttentionShape shape, int keyValueHead, int start, int count) {
        int width = shape.headDim();
        int column = shape.queryWidth() + keyValueHead * width;
        keys.shape(count, width);
        values.shape(width, count);
        keys.pack(qkv.part(start, column), true);
        values.pack(qkv.part(start, column + shape.keyWidth()), false);
    }

    Panels keys() {
        return keys;
    }

    Panels values() {
        return values;
    }
}
