package io.github.jalign.convert;

import io.github.jalign.MessageCase;
import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.checkpoint.GgmlType;
import io.github.jalign.checkpoint.GgufTensor;
import io.github.jalign.checkpoint.GgufValue;
import io.github.jalign.checkpoint.GgufWriter;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;

/** What jalign says to GGUF files that are sound but no model that it knows, and to models that llama.cpp does not. */
public final class ConvertMessages {
    /** Relative, so that the messages are the same everywhere. */
    private static final Path ROOT = Path.of("target", "convert-messages");

    private static final ConvertListener SILENT = new ConvertListener() {
        @Override
        public void written(int done, int total) {}

        @Override
        public void warned(String message) {}
    };

    private final List<MessageCase> cases = new ArrayList<>();

    private ConvertMessages() {}

    public static List<MessageCase> cases() {
        ConvertMessages all = new ConvertMessages();
        all.architectures();
        all.sizes();
        all.tensors();
        all.rotary();
        all.vocabularies();
        all.exportedModels();
        all.exportedTokenizers();
        return all.cases;
    }

    private void architectures() {
        file("no architecture", f -> f.keys.remove("general.architecture"),
                """
                target/convert-messages/no-architecture.gguf: the architecture must be one that jalign knows
                  found     no general.architecture
                  expected  llama, smollm3 or phi3
                  do        use a model of the Llama family""");
        file("another architecture", f -> f.text("general.architecture", "gemma2"),
                """
                target/convert-messages/another-architecture.gguf: key "general.architecture": the architecture must be one that jalign knows
                  found     "gemma2"
                  expected  llama, smollm3 or phi3
                  do        use a model of the Llama family""");
        file("architecture that is a number", f -> f.whole("general.architecture", 1),
                """
                target/convert-messages/architecture-that-is-a-number.gguf: key "general.architecture": the value must be a string
                  found     type UINT32
                  expected  a string
                  do        write the file again with the program that made it""");
        file("a part of a model", f -> f.whole("split.count", 3),
                """
                target/convert-messages/a-part-of-a-model.gguf: the model must be in one file
                  found     one of 3 parts
                  expected  a file with all tensors
                  do        merge the parts first: llama-gguf-split --merge FIRST OUT""");
        file("a key that nobody knows", f -> f.real("llama.attention.scale", 0.5f),
                """
                target/convert-messages/a-key-that-nobody-knows.gguf: key "llama.attention.scale": every key of the architecture must be one that jalign understands
                  found     a key that may change the numbers
                  expected  the keys of a plain llama model
                  do        use the model's own Hugging Face folder""");
        file("experts", f -> f.whole("llama.expert_count", 8),
                """
                target/convert-messages/experts.gguf: key "llama.expert_count": the model must be a plain one of the Llama family
                  found     8
                  expected  0
                  do        use the model's own Hugging Face folder""");
        file("heads that differ from layer to layer",
                f -> f.keys.put("llama.attention.head_count", new GgufValue.Wholes(List.of(4, 2))),
                """
                target/convert-messages/heads-that-differ-from-layer-to-layer.gguf: key "llama.attention.head_count": the value must be a whole number
                  found     an array of type INT32
                  expected  a whole number
                  do        write the file again with the program that made it""");
    }

    private void sizes() {
        file("no width", f -> f.keys.remove("llama.embedding_length"),
                """
                target/convert-messages/no-width.gguf: the file must hold the key llama.embedding_length
                  found     no such key
                  expected  the keys that llama.cpp writes for this architecture
                  do        convert the original model to GGUF again""");
        file("no epsilon", f -> f.keys.remove("llama.attention.layer_norm_rms_epsilon"),
                """
                target/convert-messages/no-epsilon.gguf: the file must hold the key llama.attention.layer_norm_rms_epsilon
                  found     no such key
                  expected  the keys that llama.cpp writes for this architecture
                  do        convert the original model to GGUF again""");
        file("no layers", f -> f.whole("llama.block_count", 0),
                """
                target/convert-messages/no-layers.gguf: key "llama.block_count": the model needs this size
                  found     0
                  expected  a whole number of at least 1
                  do        convert the original model to GGUF again""");
        file("2^31 - 1 layers", f -> f.whole("llama.block_count", Integer.MAX_VALUE),
                """
                target/convert-messages/2-31-1-layers.gguf: key "llama.block_count": the key must agree with the tensors
                  found     2147483647
                  expected  fewer layers than tensors
                  do        convert the original model to GGUF again""");
        file("2^31 heads", f -> f.whole("llama.attention.head_count", Integer.MIN_VALUE),
                """
                target/convert-messages/2-31-heads.gguf: key "llama.attention.head_count": a size must fit 31 bits
                  found     2147483648
                  expected  a number from 0 to 2147483647
                  do        make sure that the file is a model that this architecture can be""");
        file("heads that do not divide the width", f -> f.whole("llama.attention.head_count", 5),
                """
                target/convert-messages/heads-that-do-not-divide-the-width.gguf, as config.json: head_dim: without head_dim, the heads must divide hidden_size
                  found     hidden_size 64, num_attention_heads 5
                  expected  a multiple, or head_dim
                  do        correct config.json""");
        file("values of another width", f -> f.whole("llama.attention.value_length", 8),
                """
                target/convert-messages/values-of-another-width.gguf: key "llama.attention.value_length": the model must be a plain one of the Llama family
                  found     8
                  expected  16
                  do        use the model's own Hugging Face folder""");
        file("a part of a head rotated", f -> f.whole("llama.rope.dimension_count", 8),
                """
                target/convert-messages/a-part-of-a-head-rotated.gguf: key "llama.rope.dimension_count": the model must be a plain one of the Llama family
                  found     8
                  expected  16
                  do        use the model's own Hugging Face folder""");
        file("another vocabulary", f -> f.whole("llama.vocab_size", 9),
                """
                target/convert-messages/another-vocabulary.gguf: key "llama.vocab_size": the key must agree with the tensors
                  found     9
                  expected  267 rows of token_embd.weight
                  do        convert the original model to GGUF again""");
    }

    private void tensors() {
        file("no embedding", f -> f.tensors.removeIf(t -> t.name().equals("token_embd.weight")),
                """
                target/convert-messages/no-embedding.gguf: the file must hold the tensor "token_embd.weight"
                  found     20 tensors, none of that name
                  expected  a tensor of exactly that name
                  do        make sure that the file holds a whole model""");
        file("a tensor missing", f -> f.tensors.removeIf(t -> t.name().equals("blk.1.attn_k.weight")),
                """
                target/convert-messages/a-tensor-missing.gguf: the file must hold the tensor "blk.1.attn_k.weight"
                  found     20 tensors, none of that name
                  expected  a tensor of exactly that name
                  do        make sure that the file holds a whole model""");
        file("a tensor too many", f -> f.tensor("blk.0.attn_q_norm.weight", 16),
                """
                target/convert-messages/a-tensor-too-many.gguf: the tensors must be those of the architecture
                  found     1 others, such as blk.0.attn_q_norm.weight
                  expected  21 tensors
                  do        use the model's own Hugging Face folder""");
        file("a tensor of another shape", f -> {
            f.tensors.removeIf(t -> t.name().equals("output_norm.weight"));
            f.tensor("output_norm.weight", 32);
        },
                """
                target/convert-messages/a-tensor-of-another-shape.gguf: tensor output_norm.weight: a tensor's shape must follow from the keys
                  found     [32]
                  expected  [64]
                  do        convert the original model to GGUF again""");
    }

    private void rotary() {
        file("unknown scaling", f -> f.text("llama.rope.scaling.type", "dynamic"),
                """
                target/convert-messages/unknown-scaling.gguf: key "llama.rope.scaling.type": the rotary scaling must be one that jalign can convert
                  found     "dynamic"
                  expected  none, linear, yarn, or the tensors of llama3's or longrope's scaling
                  do        use the model's own Hugging Face folder""");
        file("factors that are not llama3's", f -> f.tensor("rope_freqs.weight", 8),
                """
                target/convert-messages/factors-that-are-not-llama3-s.gguf: tensor rope_freqs.weight: the factors must be those of llama3's scaling
                  found     2.0 at index 1
                  expected  1.0, for factor 2.0, low_freq_factor 1.0, high_freq_factor 4.0 and 8192 original positions
                  do        use the model's own Hugging Face folder""");
        file("too few factors", f -> f.tensor("rope_freqs.weight", 4),
                """
                target/convert-messages/too-few-factors.gguf: tensor rope_freqs.weight: there must be one factor for two columns that are rotated
                  found     shape [4]
                  expected  [8]
                  do        convert the original model to GGUF again""");
    }

    private void vocabularies() {
        String tokens = "tokenizer.ggml.tokens";
        file("no tokenizer", f -> f.keys.remove("tokenizer.ggml.model"),
                """
                target/convert-messages/no-tokenizer.gguf: the tokenizer must be byte-level BPE or SentencePiece BPE
                  found     no tokenizer.ggml.model
                  expected  gpt2 or llama
                  do        use the model's own Hugging Face folder""");
        file("WordPiece", f -> f.text("tokenizer.ggml.model", "bert"),
                """
                target/convert-messages/WordPiece.gguf: key "tokenizer.ggml.model": the tokenizer must be byte-level BPE or SentencePiece BPE
                  found     "bert"
                  expected  gpt2 or llama
                  do        use the model's own Hugging Face folder""");
        file("no tokens", f -> f.keys.remove(tokens),
                """
                target/convert-messages/no-tokens.gguf: the file must hold the key tokenizer.ggml.tokens
                  found     no such key
                  expected  a whole model with its tokenizer
                  do        convert the original model to GGUF again""");
        file("tokens that are numbers", f -> f.keys.put(tokens, new GgufValue.Wholes(List.of(1))),
                """
                target/convert-messages/tokens-that-are-numbers.gguf: key "tokenizer.ggml.tokens": the value must be an array of strings
                  found     an array of type INT32
                  expected  an array of strings
                  do        write the file again with the program that made it""");
        file("an empty token", f -> f.tokens(t -> t.set(9, "")),
                """
                target/convert-messages/an-empty-token.gguf: key "tokenizer.ggml.tokens": a token has 1 to 1024 characters
                  found     0 characters at id 9
                  expected  1 to 1024
                  do        convert the original model to GGUF again""");
        file("a token of 1025 characters", f -> f.tokens(t -> t.set(9, "x".repeat(1025))),
                """
                target/convert-messages/a-token-of-1025-characters.gguf: key "tokenizer.ggml.tokens": a token has 1 to 1024 characters
                  found     1025 characters at id 9
                  expected  1 to 1024
                  do        convert the original model to GGUF again""");
        file("a token twice", f -> f.tokens(t -> t.set(9, "the")),
                """
                target/convert-messages/a-token-twice.gguf: key "tokenizer.ggml.tokens": a token must stand once
                  found     "the" at ids 9 and 260
                  expected  unique tokens
                  do        convert the original model to GGUF again""");
        file("too few types", f -> f.keys.put("tokenizer.ggml.token_type", new GgufValue.Wholes(List.of(1, 1))),
                """
                target/convert-messages/too-few-types.gguf: key "tokenizer.ggml.token_type": there must be one element a token
                  found     2 elements for 267 tokens
                  expected  267 elements
                  do        convert the original model to GGUF again""");
        file("a type that is none", f -> f.types(t -> t.set(9, 7)),
                """
                target/convert-messages/a-type-that-is-none.gguf: key "tokenizer.ggml.token_type": a token's type must be one that llama.cpp has
                  found     7 at id 9
                  expected  1 to 6
                  do        convert the original model to GGUF again""");
        file("a byte of -1", f -> {
            f.tokens(t -> t.set(9, "<0x-1>"));
            f.types(t -> t.set(9, 6));
        },
                """
                target/convert-messages/a-byte-of-1.gguf: key "tokenizer.ggml.tokens": a token for a byte must spell it
                  found     "<0x-1>" at id 9
                  expected  <0x00> to <0xFF>
                  do        convert the original model to GGUF again""");
        file("unknown way to cut", f -> f.text("tokenizer.ggml.pre", "deepseek-llm"),
                """
                target/convert-messages/unknown-way-to-cut.gguf: key "tokenizer.ggml.pre": the way to cut texts must be one that jalign knows
                  found     "deepseek-llm"
                  expected  smollm, starcoder, gpt-2, mpt, llama-bpe, llama3, llama-v3, smaug-bpe, dbrx, tekken, gpt-4o, default
                  do        use the model's own Hugging Face folder""");
        file("no merges", f -> f.keys.remove("tokenizer.ggml.merges"),
                """
                target/convert-messages/no-merges.gguf: the file must hold the key tokenizer.ggml.merges
                  found     no such key
                  expected  a whole model with its tokenizer
                  do        convert the original model to GGUF again""");
        file("a merge of one", f -> f.keys.put("tokenizer.ggml.merges", new GgufValue.Texts(List.of("the"))),
                """
                target/convert-messages/a-merge-of-one.gguf: key "tokenizer.ggml.merges": a merge must make a token of two
                  found     "the" at index 0
                  expected  two tokens with a space between, which make a third
                  do        convert the original model to GGUF again""");
        file("a merge that makes no token",
                f -> f.keys.put("tokenizer.ggml.merges", new GgufValue.Texts(List.of("t h", "h t"))),
                """
                target/convert-messages/a-merge-that-makes-no-token.gguf: key "tokenizer.ggml.merges": a merge must make a token of two
                  found     "h t" at index 1
                  expected  two tokens with a space between, which make a third
                  do        convert the original model to GGUF again""");
        file("no scores", f -> f.text("tokenizer.ggml.model", "llama"),
                """
                target/convert-messages/no-scores.gguf: the file must hold the key tokenizer.ggml.scores
                  found     no such key
                  expected  a whole model with its tokenizer
                  do        convert the original model to GGUF again""");
        file("too few scores", f -> {
            f.text("tokenizer.ggml.model", "llama");
            f.keys.put("tokenizer.ggml.scores", new GgufValue.Reals(List.of(0f)));
        },
                """
                target/convert-messages/too-few-scores.gguf: key "tokenizer.ggml.scores": there must be one element a token
                  found     1 elements for 267 tokens
                  expected  267 elements
                  do        convert the original model to GGUF again""");
        file("a score that is no number", f -> {
            f.text("tokenizer.ggml.model", "llama");
            f.keys.put(
                    "tokenizer.ggml.scores",
                    new GgufValue.Reals(Collections.nCopies(TinyFolder.VOCABULARY, Float.NaN)));
        },
                """
                target/convert-messages/a-score-that-is-no-number.gguf: key "tokenizer.ggml.scores": a score must be a number
                  found     NaN at id 0
                  expected  a number
                  do        convert the original model to GGUF again""");
        file("a special token that is not there", f -> f.whole("tokenizer.ggml.eos_token_id", 99_999),
                """
                target/convert-messages/a-special-token-that-is-not-there.gguf: key "tokenizer.ggml.eos_token_id": a special token must be in the vocabulary
                  found     id 99999
                  expected  an id below 267
                  do        convert the original model to GGUF again""");
        file("a special token of 2^32 - 1", f -> f.whole("tokenizer.ggml.bos_token_id", -1),
                """
                target/convert-messages/a-special-token-of-2-32-1.gguf: key "tokenizer.ggml.bos_token_id": a special token must be in the vocabulary
                  found     id 4294967295
                  expected  an id below 267
                  do        convert the original model to GGUF again""");
    }

    private void exportedModels() {
        folder("other layers without rotation", TinyFolder.config("smollm3",
                "\"no_rope_layers\": [1, 0], \"num_key_value_heads\": 4"), f -> {},
                """
                target/convert-messages/other-layers-without-rotation/config.json: no_rope_layers: llama.cpp leaves every fourth layer of smollm3 without rotary positions and no other
                  found     layer 1 without them
                  expected  with them
                  do        use the model as a Hugging Face folder""");
        folder("a window in SmolLM3", TinyFolder.config("smollm3", """
                "layer_types": ["sliding_attention", "full_attention"], "sliding_window": 9, "num_key_value_heads": 4"""),
                f -> {},
                """
                target/convert-messages/a-window-in-SmolLM3/config.json: use_sliding_window: llama.cpp has no windows for smollm3
                  found     a window of 9
                  expected  none
                  do        use the model as a Hugging Face folder""");
        folder("biases in SmolLM3",
                TinyFolder.config("smollm3", "\"attention_bias\": true, \"num_key_value_heads\": 4"), f -> {},
                """
                target/convert-messages/biases-in-SmolLM3/config.json: attention_bias, mlp_bias: llama.cpp has no biases for smollm3
                  found     true
                  expected  false
                  do        use the model as a Hugging Face folder""");
        folder("wide heads in Phi-3", TinyFolder.config("phi3", "\"head_dim\": 24"), f -> {},
                """
                target/convert-messages/wide-heads-in-Phi-3/config.json: head_dim: llama.cpp's phi3 divides hidden_size among the heads
                  found     24
                  expected  64 / 4
                  do        use the model as a Hugging Face folder""");
        folder("llama3's scaling in SmolLM3", TinyFolder.config("smollm3", """
                "num_key_value_heads": 4, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 32}"""), f -> {},
                """
                target/convert-messages/llama3-s-scaling-in-SmolLM3/config.json: rope_type: the rotary scaling must be one that llama.cpp has for a smollm3 model
                  found     {"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32}
                  expected  default, linear, plain yarn, llama3 (llama) or longrope (phi3)
                  do        use the model as a Hugging Face folder""");
        folder("yarn between whole indices", TinyFolder.yarn(", \"truncate\": null"), f -> {},
                """
                target/convert-messages/yarn-between-whole-indices/config.json: rope_type: the rotary scaling must be one that llama.cpp has for a llama model
                  found     {"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32,"truncate":null}
                  expected  default, linear, plain yarn, llama3 (llama) or longrope (phi3)
                  do        use the model as a Hugging Face folder""");
        folder("longrope in Llama", TinyFolder.config("llama", """
                "head_dim": 4, "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.5], "long_factor": [2.0, 3.0]}"""),
                f -> {},
                """
                target/convert-messages/longrope-in-Llama/config.json: rope_type: the rotary scaling must be one that llama.cpp has for a llama model
                  found     {"type":"longrope","short_factor":[1.0,1.5],"long_factor":[2.0,3.0]}
                  expected  default, linear, plain yarn, llama3 (llama) or longrope (phi3)
                  do        use the model as a Hugging Face folder""");
        folder("weights of another configuration", TinyFolder.config("llama", ""),
                f -> replace(f.resolve("config.json"), "\"intermediate_size\": 96", "\"intermediate_size\": 95"),
                """
                target/convert-messages/weights-of-another-configuration: model.layers.0.mlp.gate_proj.weight: a tensor's shape must follow from the configuration
                  found     [96, 64]
                  expected  [95, 64]
                  do        check that config.json and the weights belong together""");
        folder("more weights than the configuration says", TinyFolder.config("llama", ""),
                f -> replace(f.resolve("config.json"), "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"),
                """
                target/convert-messages/more-weights-than-the-configuration-says: the tensors must be those of the configuration
                  found     9 others, such as model.layers.1.input_layernorm.weight
                  expected  12 tensors
                  do        check that config.json and the weights belong together""");
        folder("fewer weights than the configuration says", TinyFolder.config("llama", ""),
                f -> replace(f.resolve("config.json"), "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
                """
                target/convert-messages/fewer-weights-than-the-configuration-says: the model must hold the tensor "model.layers.2.input_layernorm.weight"
                  found     21 tensors, none of that name
                  expected  a tensor of exactly that name
                  do        make sure that config.json and the weights belong together""");
    }

    private void exportedTokenizers() {
        tokenizer("an id beyond the model", "\"id\": 2,", "\"id\": 500,",
                """
                target/convert-messages/an-id-beyond-the-model/tokenizer.json: a token's id must be below the model's vocab_size
                  found     500 of "<|im_end|>"
                  expected  0 to 266
                  do        use the model as a Hugging Face folder""");
        tokenizer("an id of two tokens", "\"content\": \"<|im_end|>\"", "\"content\": \"<|end|>\"",
                """
                target/convert-messages/an-id-of-two-tokens/tokenizer.json: an id must be one token's
                  found     id 2 of "<|im_end|>" and "<|end|>"
                  expected  unique ids
                  do        use the model as a Hugging Face folder""");
        tokenizer("a way to cut without a name", "\"individual_digits\": true", "\"individual_digits\": false",
                """
                target/convert-messages/a-way-to-cut-without-a-name/tokenizer.json: texts must be cut in a way that has a name in llama.cpp
                  found     {"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]}
                  expected  the pre_tokenizer of smollm, starcoder, gpt-2, mpt, llama-bpe, llama3, llama-v3, smaug-bpe, dbrx, tekken, gpt-4o, default
                  do        use the model as a Hugging Face folder""");
        tokenizer("a normaliser", "\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}",
                """
                target/convert-messages/a-normaliser/tokenizer.json: a byte-level tokenizer must take texts as they are
                  found     the normalizer {"type":"NFC"}
                  expected  none
                  do        use the model as a Hugging Face folder""");
        tokenizer("something else around a text", "\"post_processor\": null", """
                "post_processor": {"type": "TemplateProcessing",
                 "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                 "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                 "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}}}""",
                """
                target/convert-messages/something-else-around-a-text/tokenizer.json: a tokenizer may put bos_token before a text and eos_token behind it, nothing else
                  found     {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|endoftext|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"<|endoftext|>":{"id":"<|endoftext|>","ids":[0],"tokens":["<|endoftext|>"…
                  expected  a post_processor of type TemplateProcessing with those
                  do        use the model as a Hugging Face folder""");
        tokenizer("bytes in SentencePiece's manner without its spaces", "\"byte_fallback\": false", "\"byte_fallback\": true",
                """
                target/convert-messages/bytes-in-SentencePiece-s-manner-without-its-spaces/tokenizer.json: a tokenizer in SentencePiece's manner must do with spaces what SentencePiece does
                  found     normalizer null, pre_tokenizer {"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]}
                  expected  Prepend and Replace, or Metaspace without split
                  do        use the model as a Hugging Face folder""");
    }

    /** A sound file of a tiny model, to be changed. */
    private static final class TinyFile {
        private final Map<String, GgufValue> keys = new LinkedHashMap<>();
        private final List<GgufTensor> tensors = new ArrayList<>();

        TinyFile() {
            ModelConfig config = ModelConfigReader.read("config.json", TinyFolder.config("llama", ""));
            text("general.architecture", "llama");
            whole("llama.block_count", config.layers().size());
            whole("llama.context_length", 128);
            whole("llama.embedding_length", 64);
            whole("llama.feed_forward_length", 96);
            whole("llama.attention.head_count", 4);
            real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
            VocabularyKeys.write(TinyFolder.vocabulary(), keys);
            for (ModelTensors.Pair p : ModelTensors.of(config).pairs()) {
                tensor(p.gguf(), p.shape().toArray(Long[]::new));
            }
        }

        void text(String key, String value) {
            keys.put(key, new GgufValue.Text(value));
        }

        void whole(String key, int value) {
            keys.put(key, new GgufValue.Whole(value));
        }

        void real(String key, float value) {
            keys.put(key, new GgufValue.Real(value));
        }

        /** Of ones and twos. */
        void tensor(String name, long size) {
            tensor(name, new Long[] {size});
        }

        private void tensor(String name, Long[] shape) {
            List<Long> sizes = List.of(shape);
            float[] values = new float[sizes.stream().mapToInt(Long::intValue).reduce(1, Math::multiplyExact)];
            for (int i = 0; i < values.length; i++) {
                values[i] = 1 + i % 2;
            }
            tensors.add(new GgufTensor(name, sizes, DType.F32, GgmlType.F32, () -> MemorySegment.ofArray(values)));
        }

        void tokens(Consumer<List<String>> change) {
            List<String> tokens = new ArrayList<>(TinyFolder.vocabulary().tokens());
            change.accept(tokens);
            keys.put("tokenizer.ggml.tokens", new GgufValue.Texts(tokens));
        }

        void types(Consumer<List<Integer>> change) {
            List<Integer> types = new ArrayList<>();
            TinyFolder.vocabulary().types().forEach(t -> types.add(t.number()));
            change.accept(types);
            keys.put("tokenizer.ggml.token_type", new GgufValue.Wholes(types));
        }
    }

    private void file(String name, Consumer<TinyFile> change, String message) {
        Path path = ROOT.resolve(name.replaceAll("\\W+", "-") + ".gguf");
        add(name, message, () -> {
            Files.createDirectories(ROOT);
            TinyFile file = new TinyFile();
            change.accept(file);
            AtomicFiles.write(path, out -> GgufWriter.write(out, file.keys, file.tensors, done -> {}));
            GgufImport.run(path, ROOT.resolve("never"), null, SILENT);
        });
    }

    private void tokenizer(String name, String from, String to, String message) {
        folder(name, TinyFolder.config("llama", ""), f -> replace(f.resolve("tokenizer.json"), from, to), message);
    }

    private void folder(
            String name, Map<String, @Nullable Object> config, Consumer<Path> change, String message) {
        Path folder = ROOT.resolve(name.replaceAll("\\W+", "-"));
        add(name, message, () -> {
            TinyFolder.write(folder, config);
            change.accept(folder);
            GgufExport.run(folder, ROOT.resolve("never.gguf"), null, SILENT);
        });
    }

    private static void replace(Path file, String from, String to) {
        try {
            String text = Files.readString(file);
            if (!text.contains(from)) {
                throw new IllegalStateException(file + " holds no " + from);
            }
            Files.writeString(file, text.replace(from, to));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(String name, String message, Executable action) {
        cases.add(new MessageCase("convert: " + name, action, Kind.INPUT, message));
    }
}
