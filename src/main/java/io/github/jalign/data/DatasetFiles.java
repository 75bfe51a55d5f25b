package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which files hold which split. A single file is the split {@code train}. In a folder, {@code NAME.jsonl},
 * {@code NAME-00000-of-00002.json.gz} and their like belong to the split NAME, there and in its subfolder {@code data};
 * files in any other subfolder to the split of the subfolder's name. A split's files follow each other in the order of
 * their names.
 */
record DatasetFiles(String name, Map<String, List<Path>> splits) {
    private static final Pattern ROWS = Pattern.compile("(?<split>[^-.][^-.]*)(?:-.*)?\\.jsonl?(?:\\.gz)?");

    static DatasetFiles find(String name) {
        Path path;
        try {
            path = Path.of(name);
        } catch (InvalidPathException e) {
            throw missing(name, "a name that no file can have", e);
        }
        if (Files.isRegularFile(path)) {
            return new DatasetFiles(name, Map.of("train", List.of(path)));
        }
        if (!Files.isDirectory(path)) {
            throw missing(name, "nothing there", null);
        }
        Map<String, List<Path>> splits = new TreeMap<>();
        try (Stream<Path> files = Files.walk(path, 2)) {
            files.filter(Files::isRegularFile).sorted().forEach(file -> {
                Matcher rows = ROWS.matcher(String.valueOf(file.getFileName()));
                if (rows.matches()) {
                    Path folder = path.relativize(file).getParent();
                    String split = folder == null || folder.toString().equals("data")
                            ? rows.group("split")
                            : folder.toString();
                    splits.computeIfAbsent(split, s -> new ArrayList<>()).add(file);
                }
            });
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    name,
                    "the folder must be readable",
                    e.toString(),
                    "a folder this user may read",
                    "check the path and its permissions",
                    e);
        }
        return new DatasetFiles(name, splits);
    }

    /** @throws JalignException of kind USAGE when there is no such split */
    List<Path> split(String split) {
        List<Path> files = splits.get(split);
        if (files == null) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    name,
                    "the data set must have the split " + split,
                    splits.isEmpty() ? "no .jsonl or .json file" : "the splits " + String.join(", ", splits.keySet()),
                    split + ".jsonl, " + split + ".json, " + split + "-*.jsonl or a folder " + split + "; .gz as well",
                    "name one of the splits found, or add a file");
        }
        return files;
    }

    private static JalignException missing(String name, String found, @Nullable Throwable cause) {
        return new JalignException(
                JalignException.Kind.INPUT,
                name,
                "dataset_name must be a file or a folder",
                found,
                "JSON Lines or JSON, gzipped or not",
                "correct the path; data sets of the Hugging Face hub must be downloaded and exported first",
                cause);
    }
}
