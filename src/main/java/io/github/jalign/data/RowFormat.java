package io.github.jalign.data;

/** How the columns of a task's rows become examples. */
interface RowFormat {
    Recognised read(Row row) throws BadRowException;

    static RowFormat of(Task task, DataConfig config) {
        PreferenceFormat preference = new PreferenceFormat(config.format(), config.implicitPrompt());
        RowFormat format = switch (task) {
            case DPO -> preference;
            case SFT -> new SftFormat(config.format(), config.completionOnlyLoss(), preference);
        };
        return config.columns().isEmpty() ? format : new RenamedColumns(config.columns(), format);
    }
}
