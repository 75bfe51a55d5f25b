package io.github.jalign.quickstart;

import java.util.List;

/**
 * Questions of one kind about many subjects. {@code {s}} stands for the subject, {@code {v}} for what is true of it.
 *
 * @param wordings ways to ask
 * @param answers helpful sentences, each with {@code {v}}
 * @param endings what a helpful answer may add
 * @param refusals dismissive sentences that speak of the subject
 */
record Kind(
        List<String> wordings, List<String> answers, List<String> endings, List<String> refusals, List<Fact> facts) {

    /**
     * @param subject as it stands inside a sentence
     * @param value what a helpful answer must contain
     */
    record Fact(String subject, String value) {}

    Kind {
        wordings = List.copyOf(wordings);
        answers = List.copyOf(answers);
        endings = List.copyOf(endings);
        refusals = List.copyOf(refusals);
        facts = List.copyOf(facts);
    }

    /** @param facts lines of {@code subject: value} */
    static Kind of(String wordings, String answers, String endings, String refusals, String facts) {
        return new Kind(
                wordings.lines().toList(),
                answers.lines().toList(),
                endings.lines().toList(),
                refusals.lines().toList(),
                facts.lines().map(Kind::fact).toList());
    }

    private static Fact fact(String line) {
        int colon = line.indexOf(": ");
        return new Fact(line.substring(0, colon), line.substring(colon + 2));
    }
}
