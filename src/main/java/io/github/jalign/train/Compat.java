package io.github.jalign.train;

/** Whose behaviour a run follows where versions of TRL differ. */
public enum Compat implements Spelled {
    /** TRL 1.16 with transformers 5. */
    TRL_1("trl-1"),
    /** TRL 0.19.1 with transformers 4.53, which the alignment handbook's recipes are written for. */
    TRL_0_19("trl-0.19");

    private final String spelling;

    Compat(String spelling) {
        this.spelling = spelling;
    }

    @Override
    public String spelling() {
        return spelling;
    }
}
