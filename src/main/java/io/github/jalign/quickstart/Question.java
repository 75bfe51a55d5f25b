package io.github.jalign.quickstart;

import io.github.jalign.quickstart.Kind.Fact;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One thing that can be asked, in one wording and with one greeting around it.
 */
public final class Question {
    private final Kind kind;
    private final Fact fact;
    private final String text;
    private final boolean heldOut;

    private Question(Kind kind, Fact fact, String text, boolean heldOut) {
        this.kind = kind;
        this.fact = fact;
        this.text = text;
        this.heldOut = heldOut;
    }

    /** All there are, several thousand, no two of the same text. */
    public static List<Question> all() {
        List<Question> all = new ArrayList<>();
        for (Kind kind : Kinds.ALL) {
            int wordings = kind.wordings().size();
            for (int f = 0; f < kind.facts().size(); f++) {
                Fact fact = kind.facts().get(f);
                for (int w = 0; w < wordings; w++) {
                    String asked = kind.wordings().get(w).replace("{s}", fact.subject());
                    for (String greeting : Kinds.GREETINGS) {
                        all.add(new Question(kind, fact, greeting.replace("{q}", asked), f % wordings == w));
                    }
                }
            }
        }
        return all;
    }

    /** What the user says. */
    public String text() {
        return text;
    }

    /** Whether it is kept back from all training: of every fact one wording is, whatever the greeting. */
    public boolean heldOut() {
        return heldOut;
    }

    /** Whether a text tells what was asked. */
    public boolean isAnsweredBy(String answer) {
        Pattern value = Pattern.compile(
                "\\b" + Pattern.quote(fact.value()) + "\\b", Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CHARACTER_CLASS);
        return value.matcher(answer).find();
    }

    Kind kind() {
        return kind;
    }

    Fact fact() {
        return fact;
    }
}
