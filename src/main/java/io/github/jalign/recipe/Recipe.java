package io.github.jalign.recipe;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import io.github.jalign.train.Compat;
import io.github.jalign.train.Dialect;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.SftConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A recipe that was understood: every key known, every value of its type, nothing in it that training would have to
 * leave out.
 *
 * @param notes a line for each key that has no effect, with where it stands and why
 * @param resolved the whole configuration as YAML: every key in effect, so that it reads back to an equal one
 */
public record Recipe<C>(C config, List<String> notes, String resolved) {

    /** Why a dialect was chosen that {@code compat} names. */
    static final String COMPAT_GIVEN = "compat says so";

    /** These keys of TRL 0.19 and the alignment handbook, and mean its dialect unless there is a {@code compat}. */
    private static final List<String> SELECT_TRL_0_19 = List.of(
            "max_prompt_length", "max_completion_length", "dataset_mixture", "dataset_mixer", "dataset_splits",
            "rpo_alpha", "reference_free", "use_logits_to_keep");

    public Recipe {
        notes = List.copyOf(notes);
    }

    /**
     * Reads the words after {@code jalign dpo}: a recipe file and keys, or keys alone.
     *
     * @throws JalignException of kind USAGE for what cannot be understood, IO when the file cannot be read
     */
    public static Recipe<DpoConfig> dpo(List<String> words) {
        Overrides overrides = Overrides.parse(words);
        return dpo(overrides.label(), overrides.yaml(), overrides);
    }

    /**
     * Reads a recipe's text for {@code jalign dpo}.
     *
     * @param label names the text in messages, usually its file
     * @param words keys of a command line, which replace those of the text
     * @throws JalignException of kind USAGE for what cannot be understood
     */
    public static Recipe<DpoConfig> dpo(String label, String yaml, List<String> words) {
        return dpo(label, yaml, Overrides.parse(words));
    }

    private static Recipe<DpoConfig> dpo(String label, String yaml, Overrides overrides) {
        List<String> notes = new ArrayList<>();
        DpoConfig config = configs(Command.DPO, label, yaml, overrides, notes).dpo();
        return new Recipe<>(config, notes, Resolved.yaml(config));
    }

    /** The same for {@code jalign sft}. */
    public static Recipe<SftConfig> sft(List<String> words) {
        Overrides overrides = Overrides.parse(words);
        return sft(overrides.label(), overrides.yaml(), overrides);
    }

    /** The same for {@code jalign sft}. */
    public static Recipe<SftConfig> sft(String label, String yaml, List<String> words) {
        return sft(label, yaml, Overrides.parse(words));
    }

    private static Recipe<SftConfig> sft(String label, String yaml, Overrides overrides) {
        List<String> notes = new ArrayList<>();
        SftConfig config = configs(Command.SFT, label, yaml, overrides, notes).sft();
        return new Recipe<>(config, notes, Resolved.yaml(config));
    }

    /**
     * The command that a recipe is for, when one of its keys belongs to that command alone.
     *
     * @throws JalignException as {@link #dpo(List)} does for words and YAML that cannot be read
     */
    public static Optional<Command> command(List<String> words) {
        Overrides overrides = Overrides.parse(words);
        Stream<String> written = Yaml.document(overrides.label(), overrides.yaml()).stream().map(Yaml.Line::key);
        Stream<String> given = overrides.keys().stream().map(Overrides.Argument::key);
        return Stream.concat(written, given)
                .flatMap(key -> {
                    boolean dpo = Keys.find(Command.DPO, key).isPresent();
                    boolean sft = Keys.find(Command.SFT, key).isPresent();
                    return dpo == sft ? Stream.empty() : Stream.of(dpo ? Command.DPO : Command.SFT);
                })
                .findFirst();
    }

    private static Configs configs(
            Command command, String label, String yaml, Overrides overrides, List<String> notes) {
        Entries entries = Entries.of(command, label, yaml, overrides.keys());
        Values values = new Values(command, entries.byKey());
        Dialect dialect = dialect(entries, values);
        for (Entry entry : entries.replaced()) {
            notes.add(note(entry, " has no effect: ", "--dataset_name replaces it"));
        }
        for (Entry entry : entries.byKey().values()) {
            stand(entry, values, notes);
        }
        return new Configs(values, dialect, notes);
    }

    private static Dialect dialect(Entries entries, Values values) {
        @Nullable Compat compat = values.find("compat", Compat.class);
        if (compat == Compat.TRL_0_19) {
            Entry entry = Objects.requireNonNull(values.entry("compat"));
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    entry.where(),
                    "the dialect trl-0.19 is not built yet",
                    entry.shown(),
                    "compat: trl-1",
                    "set compat: trl-1, which follows TRL 1.16");
        }
        if (compat == Compat.TRL_1) {
            return new Dialect(compat, COMPAT_GIVEN);
        }
        for (String name : SELECT_TRL_0_19) {
            @Nullable Entry entry = entries.written(name);
            if (entry != null) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        entry.where(),
                        entry.name() + " selects the dialect trl-0.19, which is not built yet",
                        entry.shown() + ", and no compat",
                        "compat: trl-1, which follows TRL 1.16"
                                + (name.equals("max_prompt_length") ? " and keeps the end of long prompts" : ""),
                        "add compat: trl-1 to the recipe, or --compat=trl-1 to the command");
            }
        }
        return new Dialect(Compat.TRL_1, "it is the default");
    }

    /** Says what becomes of a key that is not in effect, unless its value asks for nothing. */
    private static void stand(Entry entry, Values values, List<String> notes) {
        Key key = entry.key();
        @Nullable Object value = values.get(key.name());
        if (value == null || value.equals(values.defaultOf(key)) || key.quiet().contains(value)) {
            return;
        }
        switch (key.standing()) {
            case Standing.InEffect() -> {}
            case Standing.AnotherWay(String ignored) -> {}
            case Standing.Later(String line) -> notes.add(note(entry, " has no effect yet: ", line));
            case Standing.NoEffect(String because) -> notes.add(note(entry, " has no effect: ", because));
            case Standing.Refused(String rule, String action) -> throw new JalignException(
                    JalignException.Kind.USAGE,
                    entry.where(),
                    rule,
                    entry.shown(),
                    expected(values.defaultOf(key), entry.name()),
                    action);
        }
    }

    private static String expected(@Nullable Object neutral, String name) {
        return neutral == null ? "no " + name : name + ": " + Resolved.text(neutral);
    }

    /** A line about a key; never its value, which may be a secret. */
    static String note(Entry entry, String effect, String because) {
        String what = entry.onCommandLine() ? entry.where() : entry.where() + ": " + entry.name();
        return what + effect + because;
    }

    /** @throws JalignException of kind IO or INPUT */
    static String read(Path file) {
        return TextFile.read(file, "the file");
    }
}
