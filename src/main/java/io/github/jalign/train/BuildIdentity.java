package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The hash of the running code: another build may round otherwise, so nothing cached by one is used by the other. */
final class BuildIdentity {
    private BuildIdentity() {}

    /** SHA-256 of the jar, or of all class files when run from a folder of classes. */
    static String hash() {
        @Nullable CodeSource source = BuildIdentity.class.getProtectionDomain().getCodeSource();
        if (source == null) {
            throw new IllegalStateException("the class path does not say where jalign's classes are");
        }
        try {
            Path where = Path.of(source.getLocation().toURI());
            MessageDigest digest = Digests.sha256();
            for (Path file : files(where)) {
                digest.update(where.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException | URISyntaxException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    source.getLocation().toString(),
                    "jalign reads its own code to know which build made a cache",
                    String.valueOf(e.getMessage()),
                    "a readable jar or folder",
                    "make it readable",
                    e);
        }
    }

    private static List<Path> files(Path where) throws IOException {
        if (Files.isRegularFile(where)) {
            return List.of(where);
        }
        try (Stream<Path> all = Files.walk(where)) {
            return all.filter(p -> p.toString().endsWith(".class")).sorted().toList();
        }
    }
}
