package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The one rule for file names that come from a file: one relative path of plain parts, and a file that lies inside the
 * folder also after symbolic links. Names are judged alike on every platform: a model that loads on one loads on all.
 *
 * <p>One kind of link may leave the folder: a snapshot of the Hugging Face cache, {@code REPO/snapshots/REVISION},
 * consists of links into {@code REPO/blobs}.
 */
public final class FolderPaths {
    private FolderPaths() {}

    /**
     * The file of that name in a folder.
     *
     * @param where what holds the name, for errors
     * @throws JalignException of kind INPUT when the name breaks the rule or no such file exists
     */
    public static Path existing(Path folder, String name, String where) {
        Path file = inside(folder, name, where);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(
                    where,
                    "the file must exist",
                    Utf8.quote(name) + ", which is not in " + folder,
                    "a file in the folder",
                    "download or copy the folder again; it is incomplete");
        }
        try {
            Path real = file.toRealPath();
            if (!real.startsWith(folder.toRealPath()) && !inCache(folder, real)) {
                throw refused(
                        where,
                        "a file must lie inside its folder, also after symbolic links",
                        Utf8.quote(name) + ", a link to " + real,
                        "a file inside " + folder,
                        "put the file itself in place of the link if you trust it");
            }
        } catch (IOException e) {
            throw FileFailure.reading(file, e);
        }
        return file;
    }

    /**
     * The path of that name in a folder, whether it exists or not.
     *
     * @throws JalignException of kind INPUT when the name is not one relative path
     */
    static Path inside(Path folder, String name, String where) {
        @Nullable String fault = fault(name);
        if (fault == null) {
            try {
                return folder.resolve(name);
            } catch (InvalidPathException e) {
                fault = "which this file system cannot write: " + e.getReason();
            }
        }
        throw refused(
                where,
                "a file name must be one relative path inside the folder",
                Utf8.quote(name) + ", " + fault,
                "a name like model-00001-of-00002.safetensors",
                "correct the name if the folder is yours; otherwise do not use it, such a name reaches other files");
    }

    /** Why a name is refused, or null. */
    private static @Nullable String fault(String name) {
        if (name.isEmpty()) {
            return "which is empty";
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            return "which holds a control character";
        }
        if (name.indexOf('\\') >= 0) {
            return "which holds a backslash";
        }
        if (name.indexOf(':') >= 0) {
            return "which holds a colon";
        }
        if (name.startsWith("/")) {
            return "which is absolute";
        }
        for (String part : name.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return "which has the part " + Utf8.quote(part);
            }
        }
        return null;
    }

    private static boolean inCache(Path folder, Path real) throws IOException {
        Path snapshot = folder.toRealPath();
        @Nullable Path snapshots = snapshot.getParent();
        return snapshots != null
                && snapshots.endsWith("snapshots")
                && snapshots.getParent() != null
                && snapshots.resolveSibling("blobs").equals(real.getParent());
    }

    private static JalignException refused(String where, String rule, String found, String expected, String action) {
        return new JalignException(Kind.INPUT, where, rule, found, expected, action);
    }
}
