package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which files hold which split. A file, and every file that a pattern such as {@code rows-*.jsonl} matches, belongs to
 * the split {@code train}, as with data_files of Hugging Face datasets. In a folder, {@code NAME.jsonl},
 * {@code NAME-00000-of-00002.json.gz} and their like belong to the split NAME, there and in its subfolder {@code data};
 * files in any other subfolder to the split of the subfolder's name. A split's files follow each other in the order of
 * their names, those of several sources in the order of the sources.
 *
 * @param name the sources, for messages
 * @param missing of a split that a folder holds a part of only: a shard that is not there
 * @param parquet whether a folder also holds Parquet files, which cannot be read
 */
record DatasetFiles(String name, Map<String, List<Path>> splits, Map<String, Shard> missing, boolean parquet) {
    private static final Pattern ROWS = Pattern.compile("(?<split>[^-.][^-.]*)(?:-.*)?\\.jsonl?(?:\\.gz)?");

    /** What makes a name a pattern, as in glob(7) and {@link java.nio.file.FileSystem#getPathMatcher}. */
    private static final Pattern WILDCARD = Pattern.compile("[*?\\[{]");

    /**
     * @throws JalignException of kind INPUT when a name leads to nothing, of kind IO when a folder cannot be read
     */
    static DatasetFiles find(List<String> names) {
        Map<String, List<Path>> splits = new TreeMap<>();
        Map<String, Shard> missing = new TreeMap<>();
        boolean parquet = false;
        for (String name : names) {
            for (Path path : paths(name)) {
                if (Files.isDirectory(path)) {
                    List<Path> files = walk(path, 2, all -> all.filter(Files::isRegularFile).sorted().toList());
                    parquet |= files.stream().anyMatch(file -> file.toString().endsWith(".parquet"));
                    splits(path, files).forEach((split, its) -> {
                        splits.computeIfAbsent(split, s -> new ArrayList<>()).addAll(its);
                        Shard.missing(its).ifPresent(shard -> missing.put(split, shard));
                    });
                } else {
                    splits.computeIfAbsent("train", s -> new ArrayList<>()).add(path);
                }
            }
        }
        return new DatasetFiles(String.join(", ", names), splits, missing, parquet);
    }

    /** The file or folder of that name, or else those that match it. */
    private static List<Path> paths(String name) {
        try {
            Path path = Path.of(name);
            if (Files.exists(path)) {
                return List.of(path);
            }
            Matcher wildcard = WILDCARD.matcher(name);
            if (!wildcard.find()) {
                throw missing(name, "nothing there", null);
            }
            Path above = Path.of(name.substring(0, wildcard.start()) + "x").getParent();
            Path start = above == null ? Path.of("") : above;
            int below = path.getNameCount() - (above == null ? 0 : above.getNameCount());
            int depth = name.contains("**") ? Integer.MAX_VALUE : below;
            PathMatcher matcher = path.getFileSystem().getPathMatcher("glob:" + name);
            List<Path> found = Files.isDirectory(start)
                    ? walk(start, depth, files -> files.filter(matcher::matches).sorted().toList())
                    : List.of();
            if (found.isEmpty()) {
                throw missing(name, "no file that matches", null);
            }
            return found;
        } catch (InvalidPathException e) {
            throw missing(name, "a name that no file can have", e);
        } catch (PatternSyntaxException e) {
            throw missing(name, "a pattern that cannot be understood", e);
        }
    }

    private static Map<String, List<Path>> splits(Path path, List<Path> files) {
        Map<String, List<Path>> splits = new TreeMap<>();
        for (Path file : files) {
            Matcher rows = ROWS.matcher(String.valueOf(file.getFileName()));
            if (rows.matches()) {
                Path folder = path.relativize(file).getParent();
                String split = folder == null || folder.toString().equals("data")
                        ? rows.group("split")
                        : folder.toString();
                splits.computeIfAbsent(split, s -> new ArrayList<>()).add(file);
            }
        }
        return splits;
    }

    private static List<Path> walk(Path start, int depth, Function<Stream<Path>, List<Path>> choice) {
        try (Stream<Path> files = Files.walk(start, depth)) {
            return choice.apply(files);
        } catch (IOException | UncheckedIOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    start.toString(),
                    "the folder must be readable",
                    e.toString(),
                    "a folder this user may read",
                    "check the path and its permissions",
                    e);
        }
    }

    /** @throws JalignException of kind USAGE when there is no such split, of kind INPUT when a part of it is missing */
    List<Path> split(String split) {
        List<Path> files = splits.get(split);
        if (files == null) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    name,
                    "the data set must have the split " + split,
                    splits.isEmpty()
                            ? parquet ? "only Parquet files" : "no .jsonl or .json file"
                            : "the splits " + String.join(", ", splits.keySet()),
                    split + ".jsonl, " + split + ".json, " + split + "-*.jsonl or a folder " + split + "; .gz as well",
                    splits.isEmpty()
                            ? parquet
                                    ? "export them, for example with datasets' to_json"
                                    : "add a file, or name the files in dataset_name"
                            : "take one of the splits found, by dataset_train_split or dataset_test_split in a recipe, "
                                    + "by --split on a command line; or add a file");
        }
        Shard gap = missing.get(split);
        if (gap != null) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    name,
                    "all files of the split " + split + " must be there",
                    "no " + gap,
                    gap.at(0) + " to " + gap.at(gap.total() - 1),
                    "add the file, or name those to read in dataset_name");
        }
        return files;
    }

    /** The first split that begins with a row which the format reads, or null. */
    @Nullable String splitThatFits(RowFormat format) {
        return splits.keySet().stream()
                .filter(split -> begins(split, format))
                .findFirst()
                .orElse(null);
    }

    private boolean begins(String split, RowFormat format) {
        try (FileRows rows = new FileRows(split(split).getFirst())) {
            FoundRow first = rows.next();
            if (first == null) {
                return false;
            }
            format.read(first.parse());
            return true;
        } catch (BadRowException | JalignException doesNotFit) {
            return false; // what is wrong with the split in use is said elsewhere
        }
    }

    private static JalignException missing(String name, String found, @Nullable Throwable cause) {
        return new JalignException(
                JalignException.Kind.INPUT,
                name,
                "dataset_name must be a file, a folder or a pattern of such",
                found,
                "JSON Lines or JSON, gzipped or not",
                "correct the path; data sets of the Hugging Face hub must be downloaded and exported first",
                cause);
    }
}
