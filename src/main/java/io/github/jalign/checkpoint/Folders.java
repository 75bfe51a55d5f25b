package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whole folders: replaced, removed, and rid of what a killed process left behind. Links are never followed. */
public final class Folders {
    /** A folder that is being replaced, until the new one has its name. */
    private static final String OLD = ".old" + AtomicFiles.TEMPORARY;

    private static final String GONE = ".gone" + AtomicFiles.TEMPORARY;

    private Folders() {}

    /**
     * Removes a folder with everything in it. It loses its name first, so that no half of it can be mistaken for the
     * whole.
     *
     * @throws JalignException of kind IO when the file system refuses
     */
    public static void remove(Path folder) {
        Path gone = sibling(folder, GONE);
        try {
            deleteTree(gone);
            Files.move(folder, gone, StandardCopyOption.ATOMIC_MOVE);
            AtomicFiles.syncFolder(AtomicFiles.parent(folder));
            deleteTree(gone);
        } catch (IOException e) {
            throw FileFailure.writing(folder, e, "nothing else was touched");
        }
    }

    /**
     * Removes temporary files and folders that a killed process left directly in a folder, and gives a folder that was
     * about to be replaced its name back.
     *
     * @return the names removed
     * @throws JalignException of kind IO when the file system refuses
     */
    public static List<String> removeLeftovers(Path folder) {
        List<String> removed = new ArrayList<>();
        try {
            for (Path child : temporaryChildren(folder)) {
                String name = child.getFileName().toString();
                if (name.endsWith(OLD)) {
                    Path original = folder.resolve(name.substring(1, name.length() - OLD.length()));
                    if (!Files.exists(original)) {
                        Files.move(child, original, StandardCopyOption.ATOMIC_MOVE);
                        continue;
                    }
                }
                if (child.equals(staging(folder))) {
                    clearStaging(child);
                } else {
                    deleteTree(child);
                }
                removed.add(name);
            }
        } catch (IOException e) {
            throw FileFailure.writing(folder, e, "only leftovers of an earlier run were touched");
        }
        return removed;
    }

    private static List<Path> temporaryChildren(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(c -> {
                        String name = c.getFileName().toString();
                        return name.startsWith(".") && name.endsWith(AtomicFiles.TEMPORARY);
                    })
                    .sorted()
                    .toList();
        }
    }

    /** Where {@link FolderWriter#into} collects files before they get their names; no file's temporary name. */
    static Path staging(Path folder) {
        return folder.resolve(AtomicFiles.TEMPORARY);
    }

    /** Empties a staging folder, except for the manifest that marks its target as cut short until the next save. */
    static void clearStaging(Path staging) throws IOException {
        @Nullable Path target = staging.toAbsolutePath().getParent();
        if (target == null || !staging(target).equals(staging.toAbsolutePath()) || !FolderWriter.isCutShort(target)) {
            deleteTree(staging);
            return;
        }
        List<Path> children;
        try (Stream<Path> list = Files.list(staging)) {
            children = list.filter(c -> !c.endsWith(Manifest.NAME)).toList();
        }
        for (Path child : children) {
            deleteTree(child);
        }
    }

    /** Gives {@code fresh} the name of {@code folder}, which may exist. */
    static void replace(Path folder, Path fresh) throws IOException {
        Path old = sibling(folder, OLD);
        boolean replaced = Files.exists(folder, LinkOption.NOFOLLOW_LINKS);
        if (replaced) {
            deleteTree(old);
            Files.move(folder, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
        if (replaced) {
            AtomicFiles.syncFolder(AtomicFiles.parent(folder));
            deleteTree(old);
        }
    }

    /** Deletes a file or a folder with all it holds; nothing when it does not exist. */
    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static Path sibling(Path folder, String ending) {
        return folder.resolveSibling("." + folder.getFileName() + ending);
    }
}
