package io.github.jalign.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A split of a data set, seen before any row is tokenised.
 *
 * @param rows of all its files
 * @param pairs the form of its rows as preferences, or null when they are none
 * @param imitation the form of its rows as something to imitate, or null; preference rows have one too
 */
public record SplitOutline(
        String name, int files, int rows, @Nullable String pairs, @Nullable String imitation) {
    /** Rows that are looked at for one that is not damaged. */
    private static final int LOOKED_AT = 100;

    /**
     * The splits of a data set, in the order of their names.
     *
     * @throws io.github.jalign.errors.JalignException of kind INPUT when there is no such data or a file is damaged, of
     *     kind IO when reading fails
     */
    public static List<SplitOutline> of(DataConfig config) {
        RowFormat pairs = RowFormat.of(Task.DPO, config);
        RowFormat imitation = RowFormat.of(Task.SFT, config);
        List<SplitOutline> splits = new ArrayList<>();
        DatasetFiles.find(config.datasetNames()).splits().forEach((name, files) -> {
            int rows = files.stream().mapToInt(Selection::rows).sum();
            splits.add(new SplitOutline(name, files.size(), rows, schema(files, pairs), schema(files, imitation)));
        });
        return splits;
    }

    private static @Nullable String schema(List<Path> files, RowFormat format) {
        int looked = 0;
        for (Path file : files) {
            try (FileRows rows = new FileRows(file)) {
                for (FoundRow row = rows.next(); row != null && looked < LOOKED_AT; row = rows.next()) {
                    looked++;
                    @Nullable String schema = schema(row, format);
                    if (schema != null) {
                        return schema;
                    }
                }
            }
        }
        return null;
    }

    private static @Nullable String schema(FoundRow row, RowFormat format) {
        try {
            return format.read(row.parse()).schema();
        } catch (BadRowException damaged) {
            return null; // whoever reads the rows says what is wrong
        }
    }
}
