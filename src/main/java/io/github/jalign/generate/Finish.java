package io.github.jalign.generate;

/** Why an answer ended. */
public enum Finish {
    /** The model said a stop token, or the text a stop string. */
    STOP,
    /** It has as many tokens as were allowed. */
    LENGTH,
    /** The listener asked for no more. */
    CANCELLED;

    /** As files spell it. */
    public String spelling() {
        return switch (this) {
            case STOP -> "stop";
            case LENGTH -> "length";
            case CANCELLED -> "cancelled";
        };
    }
}
