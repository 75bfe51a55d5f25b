package io.github.jalign.recipe;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One key that recipes may hold.
 *
 * @param name TRL's or transformers' name, or jalign's own
 * @param aliases older or other names of the same thing
 * @param nullable whether {@code null} is a value of it
 * @param dpoDefault what {@code jalign dpo} takes when the key is absent; null is a value too
 * @param quiet values, besides the default, about which a standing other than in effect has nothing to say
 * @param help a sentence, without the type and the default
 */
public record Key(
        String name,
        List<String> aliases,
        Group group,
        Type type,
        boolean nullable,
        Set<Command> commands,
        @Nullable Object dpoDefault,
        @Nullable Object sftDefault,
        List<Object> quiet,
        String help,
        Standing standing) {

    /** A key of both commands, in effect, without a default. */
    static Key key(Group group, String name, Type type, String help) {
        return new Key(
                name,
                List.of(),
                group,
                type,
                false,
                EnumSet.allOf(Command.class),
                null,
                null,
                List.of(),
                help,
                new Standing.InEffect());
    }

    Key alias(String... names) {
        return new Key(
                name, List.of(names), group, type, nullable, commands, dpoDefault, sftDefault, quiet, help, standing);
    }

    /** {@code null} is allowed, and means what absence means. */
    Key orNull() {
        return new Key(name, aliases, group, type, true, commands, dpoDefault, sftDefault, quiet, help, standing);
    }

    Key only(Command command) {
        return new Key(
                name, aliases, group, type, nullable, Set.of(command), dpoDefault, sftDefault, quiet, help, standing);
    }

    Key at(Object value) {
        return at(value, value);
    }

    Key at(Object dpo, Object sft) {
        return new Key(name, aliases, group, type, nullable, commands, dpo, sft, quiet, help, standing);
    }

    /** Nothing needs to be said about these values. */
    Key quiet(Object... values) {
        List<Object> asked = List.of(values);
        return new Key(name, aliases, group, type, nullable, commands, dpoDefault, sftDefault, asked, help, standing);
    }

    Key anotherWay(String key) {
        return with(new Standing.AnotherWay(key));
    }

    Key later(String line) {
        return with(new Standing.Later(line));
    }

    Key noEffect(String because) {
        return with(new Standing.NoEffect(because));
    }

    Key refused(String rule, String action) {
        return with(new Standing.Refused(rule, action));
    }

    private Key with(Standing newStanding) {
        return new Key(
                name, aliases, group, type, nullable, commands, dpoDefault, sftDefault, quiet, help, newStanding);
    }

    @Nullable Object defaultValue(Command command) {
        return command == Command.DPO ? dpoDefault : sftDefault;
    }

    /** The default as a recipe writes it, or null when there is none. */
    public @Nullable String defaultText(Command command) {
        @Nullable Object value = defaultValue(command);
        return value == null ? null : Resolved.text(value);
    }

    public boolean inEffect() {
        return standing instanceof Standing.InEffect;
    }

    /** The type in words, for the help. */
    public String expected() {
        return nullable ? type.expected() + ", or null" : type.expected();
    }
}
