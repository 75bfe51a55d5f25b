package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import java.nio.file.Path;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one file as formats see them: those of the file, one at a time, or, where each line holds one message of
 * a tree as in oasst1, the trees, for which the whole file is read.
 */
final class FileRows implements AutoCloseable {
    private final RowFile file;
    private final @Nullable Iterator<FoundRow> trees;
    private @Nullable FoundRow first;

    /** @throws JalignException as {@link RowFile} does */
    FileRows(Path path) {
        file = new RowFile(path);
        try {
            RawRow row = file.next();
            if (row != null && MessageTrees.holdsMessage(row)) {
                trees = new MessageTrees(row, file).rows().iterator();
            } else {
                trees = null;
                first = row;
            }
        } catch (JalignException e) {
            file.close();
            throw e;
        }
    }

    /**
     * The next row, or null after the last.
     *
     * @throws JalignException as {@link RowFile#next} does
     */
    @Nullable FoundRow next() {
        if (trees != null) {
            return trees.hasNext() ? trees.next() : null;
        }
        FoundRow row = first == null ? file.next() : first;
        first = null;
        return row;
    }

    @Override
    public void close() {
        file.close();
    }
}
