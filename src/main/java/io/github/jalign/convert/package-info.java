/**
 * GGUF files, the format of llama.cpp, to Hugging Face folders and back. The container is {@code checkpoint}'s; here is
 * what its keys and names mean. Start at {@link io.github.jalign.convert.GgufImport}.
 */
package io.github.jalign.convert;
