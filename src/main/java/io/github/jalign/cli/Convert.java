package io.github.jalign.cli;

import io.github.jalign.checkpoint.GgmlType;
import io.github.jalign.convert.ConvertListener;
import io.github.jalign.convert.GgufExport;
import io.github.jalign.convert.GgufImport;
import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.errors.TextFile;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jalign convert}: GGUF files to Hugging Face folders and back. */
@Command(
        name = "convert",
        description = {
            "Converts between GGUF files, the format of llama.cpp, and Hugging Face folders: weights, configuration,"
                    + " tokenizer and chat template.",
            "From a file: F32, F16, BF16, Q8_0, Q4_0 and Q4_1 of the architectures llama, smollm3 and phi3.",
            "From a folder: llama, mistral, smollm3 and phi3."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class Convert implements Callable<Integer> {
    /** What {@code --outtype} takes; llama.cpp's own converter calls them so. */
    enum OutType {
        F32(GgmlType.F32),
        F16(GgmlType.F16),
        BF16(GgmlType.BF16),
        Q8_0(GgmlType.Q8_0);

        private final GgmlType type;

        OutType(GgmlType type) {
            this.type = type;
        }
    }

    /** What {@code --dtype} takes; PyTorch calls them so. */
    enum FolderType {
        FLOAT32(DType.F32),
        FLOAT16(DType.F16),
        BFLOAT16(DType.BF16);

        private final DType type;

        FolderType(DType type) {
            this.type = type;
        }
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(paramLabel = "SOURCE", description = "A GGUF file or a Hugging Face model folder.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path source;

    @Parameters(
            paramLabel = "DESTINATION",
            description = "The folder or the GGUF file to make; it must not exist yet.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path destination;

    @Option(
            names = "--outtype",
            paramLabel = "TYPE",
            description = "Type of the matrices of a GGUF file: f16, bf16, q8_0 or f32 (default: the folder's own).")
    private @Nullable OutType outtype;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "Type of a folder's tensors: bfloat16, float16 or float32 (default: the file's own, bfloat16"
                    + " where it is quantised).")
    private @Nullable FolderType dtype;

    @Override
    public Integer call() {
        boolean fromFolder = Files.isDirectory(source);
        if (!fromFolder && !Files.exists(source)) {
            throw usage(
                    "the source must exist",
                    "nothing of the name " + source,
                    "a GGUF file or a Hugging Face folder",
                    "correct the path");
        }
        if (fromFolder ? dtype != null : outtype != null) {
            throw usage(
                    fromFolder ? "--dtype is for GGUF files as the source" : "--outtype is for folders as the source",
                    source + ", which is a " + (fromFolder ? "folder" : "file"),
                    fromFolder ? "--outtype f16, bf16, q8_0 or f32" : "--dtype bfloat16, float16 or float32",
                    "use that option");
        }
        requireFree();
        PrintWriter out = spec.commandLine().getOut();
        Progress progress = new Progress(out, new ProgressLine(out, Machine.hasTerminal()));
        long start = System.nanoTime();
        out.println("converting   " + source + " to " + destination);
        out.flush();
        String type = fromFolder
                ? GgufExport.run(source, destination, outtype == null ? null : outtype.type, progress).toString()
                : GgufImport.run(source, destination, dtype == null ? null : dtype.type, progress).toString();
        progress.line.end();
        out.printf(
                Locale.ROOT,
                "model        %s, %s, %s, in %.1f s%n",
                destination,
                type,
                ModelReport.mebibytes(bytes()),
                (System.nanoTime() - start) / 1e9);
        out.println("next         " + (fromFolder ? "llama-cli -m " : "jalign generate ") + destination
                + (fromFolder ? "" : " --prompt \"…\""));
        out.flush();
        return 0;
    }

    /** Nothing is ever replaced: a folder would lose files that are no part of the model. */
    private void requireFree() {
        if (Files.exists(destination, LinkOption.NOFOLLOW_LINKS)) {
            throw usage(
                    "the destination must not exist yet",
                    destination.toString(),
                    "a new name",
                    "give another name, or remove it first");
        }
    }

    private JalignException usage(String rule, String found, String expected, String action) {
        return new JalignException(Kind.USAGE, "convert", rule, found, expected, action);
    }

    private long bytes() {
        if (!Files.isDirectory(destination)) {
            return destination.toFile().length();
        }
        try (Stream<Path> files = Files.list(destination)) {
            return files.mapToLong(f -> f.toFile().length()).sum();
        } catch (IOException e) {
            throw new JalignException(
                    Kind.IO,
                    destination.toString(),
                    "the new folder must be readable",
                    TextFile.reason(e),
                    "the folder just written",
                    "see that no other program moves it",
                    e);
        }
    }

    private record Progress(PrintWriter out, ProgressLine line) implements ConvertListener {
        @Override
        public void written(int done, int total) {
            line.show(String.format(Locale.ROOT, "tensors      %,d of %,d", done, total));
        }

        @Override
        public void warned(String message) {
            line.end();
            out.println("warning: " + message);
            out.flush();
        }
    }
}
