package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The models that Hugging Face's tools have downloaded to this machine, as huggingface_hub 1.x lays them out
 * ({@code file_download.py}): {@code models--ORG--NAME/refs/REVISION} holds a commit, {@code snapshots/COMMIT} the
 * model's folder. Nothing is downloaded here.
 *
 * @param folder with one folder a model
 */
public record HubCache(Path folder) {
    /** A name of the Hub, and perhaps one of its revisions. */
    private static final Pattern ID = Pattern.compile(
            "(?<id>(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/)?[A-Za-z0-9_][A-Za-z0-9_.-]{0,95})(?:@(?<revision>[^@]+))?");

    private static final String MAIN = "main";

    /** The cache of this process's user. */
    public static HubCache ofUser() {
        return of(System.getenv(), Path.of(System.getProperty("user.home")));
    }

    /** The cache that these variables name, as huggingface_hub reads them ({@code constants.py}). */
    static HubCache of(Map<String, String> environment, Path home) {
        for (String name : new String[] {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
            @Nullable String value = environment.get(name);
            if (value != null) {
                return new HubCache(path(value, home));
            }
        }
        @Nullable String hfHome = environment.get("HF_HOME");
        if (hfHome != null) {
            return new HubCache(path(hfHome, home).resolve("hub"));
        }
        return new HubCache(path(environment.getOrDefault("XDG_CACHE_HOME", "~/.cache"), home).resolve("huggingface/hub"));
    }

    private static Path path(String value, Path home) {
        return value.equals("~") || value.startsWith("~/")
                ? home.resolve(value.substring(Math.min(2, value.length())))
                : Path.of(value);
    }

    /**
     * The folder of a model wherever the user may name one.
     *
     * @param nameOrPath a folder; or {@code ORG/NAME}, or {@code ORG/NAME@REVISION}, of the cache. A folder of that name
     *     goes first
     * @throws JalignException of kind INPUT when there is neither; it says how to download the model
     */
    public Path model(String nameOrPath) {
        Path path;
        try {
            path = Path.of(nameOrPath);
        } catch (InvalidPathException e) {
            throw new JalignException(
                    Kind.INPUT,
                    Utf8.quote(nameOrPath),
                    "the model must be a folder, or a model of the Hugging Face cache",
                    "a name that no file can have: " + e.getReason(),
                    "a path, or a name like org/model",
                    "correct the name",
                    e);
        }
        Matcher name = ID.matcher(nameOrPath);
        if (Files.exists(path) || !name.matches() || name.group("id").contains("--")) {
            return path; // whoever opens it says what is missing
        }
        @Nullable String revision = name.group("revision");
        return snapshot(name.group("id"), revision == null ? MAIN : revision);
    }

    private Path snapshot(String id, String revision) {
        Path model = folder.resolve("models--" + id.replace("/", "--"));
        String command = "hf download " + id + (revision.equals(MAIN) ? "" : " --revision " + revision);
        if (!Files.isDirectory(model)) {
            throw new JalignException(
                    Kind.INPUT,
                    id,
                    "the model must be a folder, or a model of the Hugging Face cache",
                    "no folder of that name, and nothing of it in " + folder,
                    "a folder with config.json and safetensors, or a model that was downloaded",
                    "correct the path, or download the model: " + command);
        }
        Path ref = FolderPaths.inside(model.resolve("refs"), revision, id + "@" + revision);
        String commit = Files.isRegularFile(ref) ? read(ref) : revision;
        Path snapshot = FolderPaths.inside(model.resolve("snapshots"), commit, ref.toString());
        if (!Files.isDirectory(snapshot)) {
            throw new JalignException(
                    Kind.INPUT,
                    id + "@" + revision,
                    "the revision must be in the Hugging Face cache",
                    "none of that name in " + model + "; there " + revisions(model),
                    "a branch, a tag or a whole commit that was downloaded",
                    "download it: " + command);
        }
        return snapshot;
    }

    /** What a message says of the revisions that there are. */
    private static String revisions(Path model) {
        Path refs = model.resolve("refs");
        if (!Files.isDirectory(refs)) {
            return "are no named ones";
        }
        try (Stream<Path> files = Files.walk(refs)) {
            String names = files.filter(Files::isRegularFile)
                    .map(file -> refs.relativize(file).toString())
                    .sorted()
                    .collect(Collectors.joining(", "));
            return names.isEmpty() ? "are no named ones" : names.contains(", ") ? "are " + names : "is " + names;
        } catch (IOException e) {
            throw FileFailure.reading(refs, e);
        }
    }

    private static String read(Path ref) {
        try {
            return Files.readString(ref).strip();
        } catch (IOException e) {
            throw FileFailure.reading(ref, e);
        }
    }
}
