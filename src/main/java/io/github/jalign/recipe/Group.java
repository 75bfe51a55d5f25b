package io.github.jalign.recipe;

/** The headings under which the help and a resolved recipe list keys. */
public enum Group {
    MODEL("Model"),
    DATA("Data"),
    LOSS("Loss"),
    BATCHES("Batches and length of the run"),
    OPTIMIZER("Optimiser"),
    REPORTING("Logging, evaluation and checkpoints"),
    DEVICE("Device and precision"),
    LORA("Adapters and quantisation"),
    HUB("Hub and trackers"),
    TRAINER("Known from transformers and TRL");

    private final String title;

    Group(String title) {
        this.title = title;
    }

    public String title() {
        return title;
    }
}
