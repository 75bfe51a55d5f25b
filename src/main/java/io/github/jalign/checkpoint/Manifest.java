package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a complete folder holds: size and SHA-256 of each file, in {@code manifest.json}, which is written last. A
 * folder may hold files besides.
 *
 * @param files by name relative to the folder, with {@code /} between parts, sorted
 */
public record Manifest(Map<String, Digest> files) {
    public static final String NAME = "manifest.json";

    /** @param sha256 64 hexadecimal digits in lower case */
    public record Digest(long bytes, String sha256) {}

    /** A file that is not as the manifest says, or the manifest itself. */
    public record Problem(String file, String what) {
        @Override
        public String toString() {
            return file + ": " + what;
        }
    }

    public Manifest {
        files = Collections.unmodifiableMap(new TreeMap<>(files));
    }

    /** The text of the file. */
    String toJson() {
        Map<String, Object> list = new LinkedHashMap<>();
        files.forEach((name, d) -> {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("bytes", d.bytes());
            fields.put("sha256", d.sha256());
            list.put(name, fields);
        });
        return Json.writePretty(Map.of("files", list), 2);
    }

    /** @throws JalignException of kind INPUT or IO when a folder has no manifest or it cannot be read */
    public static Manifest read(Path folder) {
        Path file = FolderPaths.existing(folder, NAME, folder.toString());
        String where = file.toString();
        Map<String, Digest> files = new TreeMap<>();
        if (!(JsonFile.read(file).get("files") instanceof Map<?, ?> list)) {
            throw broken(where, "files must be an object");
        }
        list.forEach((name, value) -> {
            if (!(value instanceof Map<?, ?> fields
                    && fields.get("bytes") instanceof Long bytes
                    && fields.get("sha256") instanceof String sha256)) {
                throw broken(where, "the entry of " + Utf8.quote(name) + " must have bytes and sha256");
            }
            files.put((String) name, new Digest(bytes, sha256));
        });
        return new Manifest(files);
    }

    private static JalignException broken(String where, String rule) {
        return new JalignException(
                JalignException.Kind.INPUT,
                where,
                rule,
                "something else",
                "the manifest as jalign writes it",
                "do not use this folder: choose an older checkpoint");
    }

    /**
     * Reads every file of a folder and compares it with the manifest.
     *
     * @return one problem for each file that is missing, unreadable or changed, in the manifest's order; none when the
     *     folder is complete
     */
    public static List<Problem> verify(Path folder) {
        Manifest manifest;
        try {
            manifest = read(folder);
        } catch (JalignException e) {
            return List.of(
                    new Problem(NAME, Files.exists(folder.resolve(NAME)) ? "unreadable: " + oneLine(e) : "missing"));
        }
        List<Problem> problems = new ArrayList<>();
        manifest.files().forEach((name, expected) -> {
            @Nullable String what = problem(folder, name, expected);
            if (what != null) {
                problems.add(new Problem(name, what));
            }
        });
        return problems;
    }

    private static @Nullable String problem(Path folder, String name, Digest expected) {
        try {
            Path file = FolderPaths.inside(folder, name, NAME);
            if (!Files.exists(file)) {
                return "missing";
            }
            FolderPaths.existing(folder, name, NAME);
            long size = Files.size(file);
            if (size != expected.bytes()) {
                return size + " bytes instead of " + expected.bytes();
            }
            String sha256 = sha256(file);
            return sha256.equals(expected.sha256()) ? null : "SHA-256 " + sha256 + " instead of " + expected.sha256();
        } catch (IOException e) {
            return "unreadable: " + e.getMessage();
        } catch (JalignException e) {
            return "refused: " + oneLine(e);
        }
    }

    private static String oneLine(JalignException e) {
        return String.valueOf(e.getMessage()).replaceAll("\n +(\\w+) +", "; $1 ");
    }

    static String sha256(Path file) throws IOException {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
