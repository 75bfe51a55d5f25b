package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Writes a folder so that a kill or a power cut at any moment leaves what was there or the complete new folder. Every
 * file goes to a staging folder and is fsynced; {@link #commit} adds the manifest and puts everything in place;
 * {@link #close} without it leaves no trace.
 *
 * <ul>
 *   <li>{@link #whole}: the staging folder lies beside the target and becomes it by one rename.
 *   <li>{@link #into}: the staging folder lies in the target, which may hold other files; its files are renamed one by
 *       one, the manifest last. Between the first and the last of these renames the target has no manifest and
 *       {@link #isCutShort} is true, which {@link ModelFolder#open} refuses.
 * </ul>
 */
public final class FolderWriter implements AutoCloseable {
    private enum State {
        STAGING,
        /** A file is being written; stays so when that fails. */
        WRITING,
        PLACING,
        DONE
    }

    private final Path target;
    private final Path staging;
    private final boolean whole;
    private final Map<String, Manifest.Digest> digests = new TreeMap<>();
    private final Set<String> obsolete = new LinkedHashSet<>();
    private State state = State.STAGING;

    private FolderWriter(Path target, Path staging, boolean whole) {
        this.target = target;
        this.staging = staging;
        this.whole = whole;
        attempt(() -> {
            Files.createDirectories(AtomicFiles.parent(staging));
            Folders.clearStaging(staging);
            Files.createDirectories(staging);
        });
    }

    /** A folder that appears, or is replaced, as a whole. */
    public static FolderWriter whole(Path folder) {
        return new FolderWriter(folder, AtomicFiles.temporary(folder), true);
    }

    /** Files that are added to a folder or replace those of the same names there. */
    public static FolderWriter into(Path folder) {
        return new FolderWriter(folder, Folders.staging(folder), false);
    }

    /** Where the files will lie. */
    public Path target() {
        return target;
    }

    /**
     * Writes one file.
     *
     * @param name relative to the folder, with {@code /} between parts
     * @throws JalignException of kind IO when the disk is full and so on, of kind INPUT when the name leaves the folder
     */
    public void write(String name, AtomicFiles.Content content) {
        if (state != State.STAGING || name.equals(Manifest.NAME) || digests.containsKey(name)) {
            throw new IllegalStateException("cannot write " + name + " now, or twice");
        }
        Path file = FolderPaths.inside(staging, name, target.toString());
        state = State.WRITING;
        attempt(() -> {
            Files.createDirectories(AtomicFiles.parent(file));
            MessageDigest sha256 = Manifest.sha256();
            AtomicFiles.writeAndSync(file, out -> {
                DigestOutputStream digested = new DigestOutputStream(out, sha256);
                content.writeTo(digested);
            });
            digests.put(
                    name, new Manifest.Digest(Files.size(file), HexFormat.of().formatHex(sha256.digest())));
        });
        state = State.STAGING;
    }

    /** Like {@link #write}, in UTF-8. */
    public void writeString(String name, String text) {
        write(name, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Like {@link #write}, with the bytes of another file. */
    public void copy(Path source, String name) {
        try (InputStream in = Files.newInputStream(source)) {
            write(name, in::transferTo);
        } catch (IOException e) {
            throw FileFailure.reading(source, e);
        }
    }

    /** Names a file that is to be gone from the target after {@link #commit}. */
    public void remove(String name) {
        FolderPaths.inside(target, name, target.toString());
        obsolete.add(name);
    }

    /** Puts everything in place; when it returns, the new folder is on the disk. */
    public void commit() {
        if (state != State.STAGING) {
            throw new IllegalStateException("committed twice, or after a file failed: " + target);
        }
        attempt(() -> {
            Set<Path> folders = new TreeSet<>();
            for (String name : digests.keySet()) {
                for (Path f = Path.of(name).getParent(); f != null; f = f.getParent()) {
                    folders.add(f);
                }
            }
            for (Path folder : folders) {
                AtomicFiles.syncFolder(staging.resolve(folder));
            }
            AtomicFiles.writeString(staging.resolve(Manifest.NAME), new Manifest(digests).toJson());
            state = State.PLACING;
            if (whole) {
                Folders.replace(target, staging);
            } else {
                placeFiles(folders);
            }
            AtomicFiles.syncFolder(AtomicFiles.parent(target));
        });
        state = State.DONE;
    }

    private void placeFiles(Set<Path> folders) throws IOException {
        Files.deleteIfExists(target.resolve(Manifest.NAME));
        AtomicFiles.syncFolder(target);
        for (Path folder : folders) {
            Files.createDirectories(target.resolve(folder));
        }
        for (String name : digests.keySet()) {
            move(name);
        }
        for (String name : obsolete) {
            if (!digests.containsKey(name)) {
                Files.deleteIfExists(target.resolve(name));
            }
        }
        for (Path folder : folders) {
            AtomicFiles.syncFolder(target.resolve(folder));
        }
        AtomicFiles.syncFolder(target);
        move(Manifest.NAME);
        AtomicFiles.syncFolder(target);
        Folders.deleteTree(staging);
    }

    private void move(String name) throws IOException {
        Files.move(staging.resolve(name), target.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Whether a folder was left between the first and the last rename of {@link #into}: its files may not match. */
    public static boolean isCutShort(Path folder) {
        return Files.exists(Folders.staging(folder).resolve(Manifest.NAME))
                && !Files.exists(folder.resolve(Manifest.NAME));
    }

    /** Without a {@link #commit}: removes what was staged. */
    @Override
    public void close() {
        if (state == State.STAGING || state == State.WRITING) {
            attempt(() -> Folders.clearStaging(staging));
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private void attempt(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            throw FileFailure.writing(
                    target,
                    e,
                    switch (state) {
                        case STAGING, WRITING -> "what was there before is unchanged";
                        case PLACING, DONE -> "then save again, the folder is incomplete until that is done";
                    });
        }
    }
}
