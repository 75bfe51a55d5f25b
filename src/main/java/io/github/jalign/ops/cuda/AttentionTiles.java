package io.github.jalign.ops.cuda;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.util.Optional;

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

    /** The instructions of bfloat16 products. */
    enum Products {
        /** {@code mma.sync}, on every card. */
        MMA,
        /** {@code wgmma}, whose machine code compute capability 9.0 alone has. Width 96 has no such instance. */
        WGMMA;

        private static final int WGMMA_CAPABILITY = 90;

        /**
         * What {@code JALIGN_CUDA_ATTENTION} asks for; {@code mma} without it.
         *
         * @param device of whose capability the answer is to be
         * @throws JalignException of kind USAGE for other values, and for {@code wgmma} on other cards
         */
        static Products wanted(Driver.Device device) {
            String wanted = Optional.ofNullable(System.getenv("JALIGN_CUDA_ATTENTION")).orElse("mma");
            return of(wanted, device);
        }

        static Products of(String wanted, Driver.Device device) {
            boolean able = device.capability() == WGMMA_CAPABILITY;
            if (wanted.equals("mma")) {
                return MMA;
            }
            if (wanted.equals("wgmma") && able) {
                return WGMMA;
            }
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "JALIGN_CUDA_ATTENTION",
                    "the environment variable names instructions that the card has",
                    wanted + " on " + device.description(),
                    able ? "mma or wgmma" : "mma; wgmma needs compute capability 9.0 (H100, H200)",
                    "unset it, or set it to mma");
        }
    }

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
    private static final AttentionTiles WGMMA_64 = new AttentionTiles(
            new Instance("attention_wgmma_bf16_64", 128, 256, 49152),
            new Instance("attention_dkv_wgmma_bf16_64", 64, 128, 50176),
            new Instance("attention_dq_wgmma_bf16_64", 64, 128, 49152));
    private static final AttentionTiles WGMMA_128 = new AttentionTiles(
            new Instance("attention_wgmma_bf16_128", 128, 256, 163840),
            new Instance("attention_dkv_wgmma_bf16_128", 64, 128, 99328),
            new Instance("attention_dq_wgmma_bf16_128", 64, 128, 98304));

    /** @throws IllegalArgumentException unless {@code headDim} is even and at most 128, and the dtype float32 or bfloat16 */
    static AttentionTiles of(DType dtype, int headDim, Products products) {
        if (headDim < 2 || headDim > MAX_HEAD_DIM || headDim % 2 != 0) {
            throw new IllegalArgumentException("no attention with heads " + headDim + " wide: an even width up to "
                    + MAX_HEAD_DIM + " is needed");
        }
        return switch (dtype) {
            case F32 -> F32;
            case BF16 -> bfloat16(headDim, products == Products.WGMMA);
            default -> throw new IllegalArgumentException("no attention of " + dtype);
        };
    }

    private static AttentionTiles bfloat16(int headDim, boolean wgmma) {
        if (headDim <= 64) {
            return wgmma ? WGMMA_64 : BF16_64;
        }
        if (headDim <= 96) {
            return BF16_96;
        }
        return wgmma ? WGMMA_128 : BF16_128;
    }
}
