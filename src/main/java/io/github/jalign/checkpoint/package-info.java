/**
 * Model folders on disk: safetensors, sharded indexes, atomic writes and the manifest; and GGUF files. It knows tensors
 * and files, not models. Start at {@link io.github.jalign.checkpoint.Safetensors}.
 */
package io.github.jalign.checkpoint;
