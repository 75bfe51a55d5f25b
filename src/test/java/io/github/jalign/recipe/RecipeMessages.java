package io.github.jalign.recipe;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException;
import java.util.List;

/** What a recipe can get wrong, and every word that jalign then says. */
public final class RecipeMessages {
    private static final String BASE = "model_name_or_path: m\ndataset_name: d.jsonl\n";

    private RecipeMessages() {}

    public static List<MessageCase> cases() {
        return List.of(
                usage(
                        "a key with two letters swapped",
                        () -> dpo("laerning_rate: 1e-6"),
                        """
                        recipe.yaml:3: a recipe holds only keys that jalign dpo knows
                          found     laerning_rate
                          expected  a known key; the nearest is learning_rate
                          do        correct the key or remove it; jalign dpo --help lists them all"""),
                usage(
                        "an unknown key on the command line",
                        () -> dpo("", "--betta=0.1"),
                        """
                        --betta: a recipe holds only keys that jalign dpo knows
                          found     betta
                          expected  a known key; the nearest is beta
                          do        correct the key or remove it; jalign dpo --help lists them all"""),
                usage(
                        "a key of the other command",
                        () -> Recipe.sft("recipe.yaml", BASE + "beta: 0.1", List.of()),
                        """
                        recipe.yaml:3: beta is a key of jalign dpo
                          found     beta in a recipe for jalign sft
                          expected  keys of jalign sft
                          do        remove beta, or run jalign dpo"""),
                usage(
                        "a word where a number belongs",
                        () -> dpo("learning_rate: fast"),
                        """
                        recipe.yaml:3: learning_rate must be of its type and in its range
                          found     fast
                          expected  a number, at least 0
                          do        correct learning_rate"""),
                usage(
                        "a list where one value belongs",
                        () -> dpo("", "--beta", "0.1", "recipe.yaml"),
                        """
                        --beta: beta must be of its type and in its range
                          found     [0.1, recipe.yaml]
                          expected  a number above 0
                          do        correct beta"""),
                usage(
                        "an alias with a wrong word",
                        () -> dpo("evaluation_strategy: sometimes"),
                        """
                        recipe.yaml:3: evaluation_strategy must be of its type and in its range
                          found     sometimes
                          expected  one of no, steps, epoch
                          do        correct evaluation_strategy"""),
                usage(
                        "no value where one is needed",
                        () -> dpo("max_steps:"),
                        """
                        recipe.yaml:3: max_steps must be of its type and in its range
                          found     nothing
                          expected  a whole number, at least -1
                          do        correct max_steps"""),
                usage(
                        "a schedule that is not built",
                        () -> dpo("lr_scheduler_type: cosine_with_min_lr"),
                        """
                        recipe.yaml:3: this lr_scheduler_type is known but not built yet
                          found     cosine_with_min_lr
                          expected  one of linear, cosine, constant, constant_with_warmup
                          do        choose one of those"""),
                usage(
                        "one loss of several that is not built",
                        () -> dpo("loss_type: [sigmoid, bco_pair]"),
                        """
                        recipe.yaml:3: this loss_type is known but not built yet
                          found     [sigmoid, bco_pair]
                          expected  sigmoid, sft, or a list of them
                          do        choose one of those"""),
                usage(
                        "weights for other losses than there are",
                        () -> dpo("loss_type: [sigmoid, sft]\nloss_weights: [1.0]"),
                        """
                        recipe.yaml:4: there is one weight a loss
                          found     1 loss_weights for 2 losses
                          expected  2 numbers
                          do        give every loss of loss_type a weight, in the same order"""),
                usage(
                        "a key twice",
                        () -> dpo("seed: 1\nbeta: 0.1\nseed: 2"),
                        """
                        recipe.yaml:5: a key stands once
                          found     seed again, first on line 3
                          expected  one line for seed
                          do        remove one of the two"""),
                usage(
                        "a key under two names",
                        () -> dpo("dtype: float32\ntorch_dtype: float32"),
                        """
                        recipe.yaml:4: a key stands once, under one of its names
                          found     torch_dtype and, at recipe.yaml:3, dtype
                          expected  one of them; they are the same key
                          do        remove one of the two"""),
                usage(
                        "a key twice on the command line",
                        () -> dpo("", "--seed=1", "--seed", "2"),
                        """
                        --seed: a key stands once on the command line
                          found     1 and 2
                          expected  one value
                          do        remove one of the two"""),
                usage(
                        "two names of a key on the command line",
                        () -> dpo("", "--dtype=float32", "--torch_dtype=float32"),
                        """
                        --torch_dtype: a key stands once, under one of its names
                          found     --torch_dtype and --dtype
                          expected  one of them; they are the same key
                          do        remove one of the two"""),
                usage(
                        "YAML with a colon inside a value",
                        () -> dpo("output_dir: a: b"),
                        """
                        recipe.yaml:3: a recipe must be valid YAML
                          found     mapping values are not allowed here
                          expected  lines of the form key: value, indented with spaces
                          do        correct the line; quote values that hold a colon, a brace or a #"""),
                usage(
                        "a list instead of keys",
                        () -> Recipe.dpo("recipe.yaml", "- beta\n- 0.1\n", List.of()),
                        """
                        recipe.yaml:1: a recipe is a list of keys with values
                          found     [beta, 0.1]
                          expected  lines of the form key: value
                          do        write one key a line, with a colon and a space after it"""),
                usage(
                        "a value that holds itself",
                        () -> dpo("dataset_mixture: &a\n  again: *a"),
                        """
                        recipe.yaml:4: values of a recipe nest only so deep
                          found     more than 50 levels, or an alias that holds itself
                          expected  at most 50 levels
                          do        write the value flatter"""),
                usage(
                        "brackets without end",
                        () -> dpo("datasets: " + "[".repeat(100_000)),
                        """
                        recipe.yaml:3: values of a recipe nest only so deep
                          found     more than 50 levels, or an alias that holds itself
                          expected  at most 50 levels
                          do        write the value flatter"""),
                usage(
                        "a few lines that would grow to gigabytes",
                        () -> dpo("env: {a: &a [x, x], b: &b [*a, *a], c: &c [*b, *b], d: &d [*c, *c], "
                                + "e: &e [*d, *d], f: &f [*e, *e], g: [*f, *f]}"),
                        """
                        recipe.yaml: a recipe must be valid YAML
                          found     Number of aliases for non-scalar nodes exceeds the specified max=10
                          expected  lines of the form key: value, indented with spaces
                          do        correct the line; quote values that hold a colon, a brace or a #"""),
                usage(
                        "no model",
                        () -> Recipe.dpo(List.of("--dataset_name=d.jsonl")),
                        """
                        jalign dpo: a run needs model_name_or_path
                          found     no such key
                          expected  a model folder, or the name of a downloaded model
                          do        add model_name_or_path: VALUE to the recipe, or --model_name_or_path=VALUE to the command"""),
                usage(
                        "a key of the older dialect",
                        () -> dpo("max_prompt_length: 512"),
                        """
                        recipe.yaml:3: max_prompt_length selects the dialect trl-0.19, which is not built yet
                          found     max_prompt_length: 512, and no compat
                          expected  compat: trl-1, which follows TRL 1.16 and keeps the end of long prompts
                          do        add compat: trl-1 to the recipe, or --compat=trl-1 to the command"""),
                usage(
                        "the older dialect by name",
                        () -> dpo("compat: trl-0.19"),
                        """
                        recipe.yaml:3: the dialect trl-0.19 is not built yet
                          found     compat: trl-0.19
                          expected  compat: trl-1
                          do        set compat: trl-1, which follows TRL 1.16"""),
                usage(
                        "a mixture of data sets",
                        () -> dpo("compat: trl-1\ndataset_mixer:\n  org/pairs: 1.0"),
                        """
                        recipe.yaml:4: mixtures of data sets are not built yet
                          found     dataset_mixer: {org/pairs: 1.0}
                          expected  no dataset_mixer
                          do        name one file or folder, for example --dataset_name=pairs.jsonl, which replaces the mixture"""),
                usage(
                        "adapters",
                        () -> dpo("use_peft: true"),
                        """
                        recipe.yaml:3: adapters are not built yet; without them the whole model would be trained
                          found     use_peft: true
                          expected  use_peft: false
                          do        set use_peft: false to train the whole model"""),
                usage(
                        "float16",
                        () -> dpo("fp16: true"),
                        """
                        recipe.yaml:3: training in float16 needs loss scaling, which jalign does not have
                          found     fp16: true
                          expected  float32 or bfloat16
                          do        use bf16: true, which needs no scaling"""),
                usage(
                        "warm-up given twice",
                        () -> dpo("warmup_steps: 10\nwarmup_ratio: 0.1"),
                        """
                        recipe.yaml:4: warm-up is given once
                          found     warmup_ratio: 0.1 with warmup_steps
                          expected  warmup_steps, or warmup_ratio
                          do        remove one of the two"""),
                usage(
                        "two devices",
                        () -> dpo("device: cuda\nno_cuda: true"),
                        """
                        recipe.yaml:4: a run computes on one device
                          found     no_cuda: true with device: cuda
                          expected  keys that name the same device
                          do        remove no_cuda or device"""),
                usage(
                        "a template's file that is not there",
                        () -> dpo("chat_template: templates/none.jinja"),
                        """
                        recipe.yaml:3: chat_template is a template, or a file that holds one
                          found     templates/none.jinja
                          expected  an existing file, or text with {{ or {% in it
                          do        correct the path"""),
                usage(
                        "a name below a single value",
                        () -> dpo("", "--beta.start=1"),
                        """
                        --beta.start: beta has no names below it
                          found     beta.start
                          expected  beta with a number above 0
                          do        write --beta=VALUE"""),
                usage(
                        "a key without a value on the command line",
                        () -> dpo("", "--beta", "--seed=1"),
                        """
                        --beta: the key needs a value
                          found     none
                          expected  a number above 0
                          do        write --beta=VALUE"""),
                usage(
                        "a word before any key",
                        () -> Recipe.dpo(List.of("--seed=1", "recipe.yaml")),
                        """
                        the command line: words are one recipe file, and keys with their values
                          found     recipe.yaml
                          expected  --key=value
                          do        put the recipe file first"""),
                usage(
                        "two recipes",
                        () -> Recipe.dpo(List.of("a.yaml", "--config", "b.yaml")),
                        """
                        --config: a run has one recipe file
                          found     a.yaml, and b.yaml
                          expected  one file
                          do        name one recipe file; further keys go after it"""),
                new MessageCase(
                        "a recipe that is not there",
                        () -> Recipe.dpo(List.of("no-such-recipe.yaml")),
                        JalignException.Kind.IO,
                        """
                        no-such-recipe.yaml: the file must be readable as UTF-8 text
                          found     no such file or folder: no-such-recipe.yaml
                          expected  a text file that this user may read
                          do        correct the path or the file's permissions"""));
    }

    private static MessageCase usage(String name, org.junit.jupiter.api.function.Executable action, String message) {
        return new MessageCase(name, action, JalignException.Kind.USAGE, message);
    }

    /** A recipe whose third line and on are {@code lines}. */
    private static void dpo(String lines, String... words) {
        Recipe.dpo("recipe.yaml", BASE + lines, List.of(words));
    }
}
