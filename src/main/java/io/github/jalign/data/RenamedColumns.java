package io.github.jalign.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rows whose columns the recipe names: those columns under TRL's names, and what templates see, go to the format; all
 * others are left out, so that they decide nothing.
 *
 * @param columns TRL's names to those of the rows
 */
record RenamedColumns(Map<String, String> columns, RowFormat format) implements RowFormat {
    private static final List<String> TEMPLATE_COLUMNS = List.of("tools", "chat_template_kwargs");

    @Override
    public Recognised read(Row row) throws BadRowException {
        Map<String, @Nullable Object> renamed = new LinkedHashMap<>();
        for (Map.Entry<String, String> column : columns.entrySet()) {
            if (!row.has(column.getValue())) {
                throw new BadRowException(
                        "a row must have the columns that dataset_columns names",
                        row.names(),
                        String.join(", ", columns.values()));
            }
            renamed.put(column.getKey(), row.get(column.getValue()));
        }
        for (String column : TEMPLATE_COLUMNS) {
            if (row.has(column)) {
                renamed.putIfAbsent(column, row.get(column));
            }
        }
        return format.read(new Row(renamed));
    }
}
