package io.github.jalign.data;

/** What text columns become. */
public enum DatasetFormat {
    /** Text stays text; message lists go through the chat template. */
    AUTO,
    /** Text is wrapped into user and assistant turns, hh-rlhf text is cut into its turns; all goes through the template. */
    MESSAGES
}
