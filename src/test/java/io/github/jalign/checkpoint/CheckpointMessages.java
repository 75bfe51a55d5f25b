package io.github.jalign.checkpoint;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.json.Json;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.function.Executable;

/** What jalign says when files of a model are not as they should be. */
public final class CheckpointMessages {
    /** Relative, so that the messages are the same everywhere. */
    private static final Path ROOT = Path.of("target", "checkpoint-messages");

    private static final String CONFIG = "{\"model_type\": \"llama\"}";

    private final List<MessageCase> cases = new ArrayList<>();

    private CheckpointMessages() {}

    public static List<MessageCase> cases() {
        CheckpointMessages all = new CheckpointMessages();
        all.cases.addAll(BadSafetensors.cases());
        all.folders();
        all.indexes();
        all.writing();
        return all.cases;
    }

    private void folders() {
        add("model folder is not there", "nowhere", Map.of(), Kind.INPUT,
                () -> ModelFolder.open(ROOT.resolve("nowhere/model")),
                """
                target/checkpoint-messages/nowhere/model: the model must be a local folder
                  found     nothing of that name
                  expected  a folder with config.json and model.safetensors
                  do        give the folder, or download the model first: jalign does not""");
        add("model is a file", "file", Map.of("m.safetensors", ""), Kind.INPUT,
                () -> ModelFolder.open(ROOT.resolve("file/m.safetensors")),
                """
                target/checkpoint-messages/file/m.safetensors: the model must be a local folder
                  found     a file
                  expected  a folder with config.json and model.safetensors
                  do        give the folder, or download the model first: jalign does not""");
        open("folder without config.json", "no-config", Map.of("model.safetensors", ""),
                """
                target/checkpoint-messages/no-config: the file must exist
                  found     "config.json", which is not in target/checkpoint-messages/no-config
                  expected  a file in the folder
                  do        download or copy the folder again; it is incomplete""");
        open("config.json is no JSON", "bad-config", Map.of("config.json", "{'model_type': 'llama'}"),
                """
                target/checkpoint-messages/bad-config/config.json: the text must be valid JSON
                  found     Unexpected character (''' (code 39)): was expecting double-quote to start property name (line 1, column 2)
                  expected  one JSON value with unique names
                  do        correct the file, or make it again with the program that wrote it""");
        open("config.json is a list", "list-config", Map.of("config.json", "[]"),
                """
                target/checkpoint-messages/list-config/config.json: the text must be valid JSON
                  found     the document is an array, not an object
                  expected  one JSON value with unique names
                  do        correct the file, or make it again with the program that wrote it""");
        open("no weights", "no-weights", Map.of("config.json", CONFIG),
                """
                target/checkpoint-messages/no-weights: the weights must be in safetensors files
                  found     neither model.safetensors nor model.safetensors.index.json
                  expected  one of them
                  do        correct the path, or download the folder again""");
        open("weights of PyTorch", "pickle", Map.of("config.json", CONFIG, "pytorch_model.bin", ""),
                """
                target/checkpoint-messages/pickle: the weights must be in safetensors files
                  found     pytorch_model.bin
                  expected  model.safetensors or model.safetensors.index.json
                  do        save the model with transformers as safetensors""");
        open("an adapter", "adapter", Map.of("config.json", CONFIG, "adapter_model.safetensors", ""),
                """
                target/checkpoint-messages/adapter: the weights must be in safetensors files
                  found     adapter_model.safetensors
                  expected  model.safetensors or model.safetensors.index.json
                  do        merge the adapter into its base model first""");
        open("weights are a Git LFS pointer", "pointer",
                Map.of("config.json", CONFIG, "model.safetensors",
                        "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
                """
                target/checkpoint-messages/pointer/model.safetensors: the header of a safetensors file is at most 100000000 bytes long
                  found     a Git LFS pointer, not the file itself
                  expected  a header that fits
                  do        run git lfs pull in the folder""");
    }

    private void indexes() {
        index("shard above the folder", "up", "../secret.safetensors",
                """
                target/checkpoint-messages/up/model.safetensors.index.json: weight_map["a"]: a file name must be one relative path inside the folder
                  found     "../secret.safetensors", which has the part ".."
                  expected  a name like model-00001-of-00002.safetensors
                  do        correct the name if the folder is yours; otherwise do not use it, such a name reaches other files""");
        index("shard with an absolute path", "absolute", "/secret.safetensors",
                """
                target/checkpoint-messages/absolute/model.safetensors.index.json: weight_map["a"]: a file name must be one relative path inside the folder
                  found     "/secret.safetensors", which is absolute
                  expected  a name like model-00001-of-00002.safetensors
                  do        correct the name if the folder is yours; otherwise do not use it, such a name reaches other files""");
        index("shard that is not safetensors", "bin", "pytorch_model.bin",
                """
                target/checkpoint-messages/bin/model.safetensors.index.json: weight_map["a"]: a shard must be a safetensors file
                  found     "pytorch_model.bin"
                  expected  a name that ends in .safetensors
                  do        convert the model to safetensors""");
        index("shard that is not there", "gone", "model-00001-of-00001.safetensors",
                """
                target/checkpoint-messages/gone/model.safetensors.index.json: the file must exist
                  found     "model-00001-of-00001.safetensors", which is not in target/checkpoint-messages/gone
                  expected  a file in the folder
                  do        download or copy the folder again; it is incomplete""");
    }

    private void writing() {
        add("folder to write to is a file", "no-folder", Map.of("out", ""), Kind.IO,
                () -> AtomicFiles.writeString(ROOT.resolve("no-folder/out/metrics.jsonl"), ""),
                """
                target/checkpoint-messages/no-folder/out/metrics.jsonl: the file must be writable
                  found     Not a directory
                  expected  a folder that this user may write to
                  do        correct the path or its permissions, or write elsewhere; nothing of the old file is lost""");
        add("folder to write to is missing", "missing", Map.of(), Kind.IO,
                () -> AtomicFiles.writeString(ROOT.resolve("missing/out/state.json"), ""),
                """
                target/checkpoint-messages/missing/out/state.json: the file must be writable
                  found     no such file or folder: target/checkpoint-messages/missing/out/.state.json.jalign-tmp
                  expected  a folder that this user may write to
                  do        correct the path or its permissions, or write elsewhere; nothing of the old file is lost""");
        add("weights too large for float16", "overflow", Map.of(), Kind.NUMERIC, () -> {
            try (FolderWriter out = FolderWriter.into(ROOT.resolve("overflow"))) {
                MemorySegment values = MemorySegment.ofArray(new float[] {1, 65520});
                WeightsWriter.write(
                        out,
                        List.of(new TensorSource("lm_head.weight", List.of(2L), DType.F32, DType.F16, values)),
                        WeightsWriter.SHARD_BYTES);
            }
        }, """
                tensor "lm_head.weight": every finite value must stay finite as F16
                  found     65520.0 at index 1
                  expected  at most 65504 in size
                  do        choose bfloat16 or float32""");
        add("two runs in one folder", "lock", Map.of(), Kind.IO, () -> {
            try (FolderLock _ = FolderLock.acquire(ROOT.resolve("lock"))) {
                FolderLock.acquire(ROOT.resolve("lock"));
            }
        }, """
                target/checkpoint-messages/lock: one run at a time may write to an output folder
                  found     the run with process id %d
                  expected  no other run
                  do        wait for it, stop it, or choose another output_dir""".formatted(ProcessHandle.current().pid()));
    }

    private void open(String name, String folder, Map<String, String> files, String message) {
        add(name, folder, files, Kind.INPUT, () -> ModelFolder.open(ROOT.resolve(folder)), message);
    }

    private void index(String name, String folder, String shard, String message) {
        String index = Json.write(Map.of("weight_map", Map.of("a", shard)));
        open(name, folder, Map.of("config.json", CONFIG, ShardIndex.NAME, index), message);
    }

    private void add(
            String name, String folder, Map<String, String> files, Kind kind, Executable action, String message) {
        Executable prepared = () -> {
            make(ROOT.resolve(folder), files);
            action.execute();
        };
        cases.add(new MessageCase("model folder: " + name, prepared, kind, message));
    }

    private static void make(Path folder, Map<String, String> files) throws IOException {
        Folders.deleteTree(folder);
        Files.createDirectories(folder);
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(folder.resolve(file.getKey()), file.getValue());
        }
    }
}
