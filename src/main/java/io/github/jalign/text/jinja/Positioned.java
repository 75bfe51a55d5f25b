package io.github.jalign.text.jinja;

/** A refusal, and where in the source it is. */
final class Positioned extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final int at;
    final transient Refusal refusal;

    Positioned(int at, Refusal refusal) {
        super(refusal.getMessage(), null, false, false);
        this.at = at;
        this.refusal = refusal;
    }
}
