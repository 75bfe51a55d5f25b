package io.github.jalign;

/**
 * What a model makes of a {@link Preference}.
 *
 * @param chosenLogp log p(chosen | prompt), summed over its tokens, in nats
 * @param rejectedLogp the same of the rejected answer
 * @param chosenTokens tokens of the chosen answer, with those that the template ends it with
 * @param rejectedTokens the same of the rejected answer
 */
public record Score(double chosenLogp, double rejectedLogp, int chosenTokens, int rejectedTokens) {

    /** {@return log p(chosen) − log p(rejected), in nats} */
    public double margin() {
        return chosenLogp - rejectedLogp;
    }

    /** {@return whether the chosen answer is the likelier one} */
    public boolean accurate() {
        return chosenLogp > rejectedLogp;
    }
}
