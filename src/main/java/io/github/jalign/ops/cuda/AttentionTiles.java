package io.github.jalign.ops.cuda;

import io.github.jalign.tensor.DType;

/**
 * The instances of attention's kernels for a head width, as kernels/attention/attention.cu defines them. In bfloat16 a
 * head is padded with zeros, in shared memory only, to the next width that has an instance.
 *
 * @param forward tiles of queries
 * @param dkv tiles of keys
 * @param dq tiles of queries
 */
record AttentionTiles(Instance forward, Instance dkv, Instance dq) {
    /**
     * One kernel.
     *
     * @param rows of a tile
     * @param threads of a block
     * @param sharedBytes of dynamic shared memory
     */
    record Instance(String name, int rows, int threads, int sharedBytes) {}

    private static final int MAX_HEAD_DIM = 128;

    private static final AttentionTiles F32 = new AttentionTiles(
            new Instance("attention_f32", 32, 128, 53760),
            new Instance("attention_dkv_f32", 32, 128, 74752),
            new Instance("attention_dq_f32", 32, 128, 70528));
    private static final AttentionTiles BF16_64 = new AttentionTiles(
            new Instance("attention_bf16_64", 128, 128, 40960),
            new Instance("attention_dkv_bf16_64", 128, 128, 49664),
            new Instance("attention_dq_bf16_64", 128, 128, 49152));
    private static final AttentionTiles BF16_96 = new AttentionTiles(
            new Instance("attention_bf16_96", 128, 128, 61440),
            new Instance("attention_dkv_bf16_96", 64, 128, 49664),
            new Instance("attention_dq_bf16_96", 128, 128, 73728));
    private static final AttentionTiles BF16_128 = new AttentionTiles(
            new Instance("attention_bf16_128", 128, 128, 81920),
            new Instance("attention_dkv_bf16_128", 128, 256, 98816),
            new Instance("attention_dq_bf16_128", 128, 128, 98304));

    /** @throws IllegalArgumentException unless {@code headDim} is even and at most 128, and the dtype float32 or bfloat16 */
    static AttentionTiles of(DType dtype, int headDim) {
        if (headDim < 2 || headDim > MAX_HEAD_DIM || headDim % 2 != 0) {
            throw new IllegalArgumentException("no attention with heads " + headDim + " wide: an even width up to "
                    + MAX_HEAD_DIM + " is needed");
        }
        return switch (dtype) {
            case F32 -> F32;
            case BF16 -> headDim <= 64 ? BF16_64 : headDim <= 96 ? BF16_96 : BF16_128;
            default -> throw new IllegalArgumentException("no attention of " + dtype);
        };
    }
}
