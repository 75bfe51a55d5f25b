package io.github.jalign.data;

/** What rows are read for. */
public enum Task {
    /** A prompt with a chosen and a rejected completion. */
    DPO,
    /** A text, a conversation, or a prompt with a completion. */
    SFT
}
