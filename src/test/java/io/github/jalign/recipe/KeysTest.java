package io.github.jalign.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KeysTest {
    private static final String BASE = "model_name_or_path: m\ndataset_name: d.jsonl\n";

    @Test
    void theNearestKeyIsTheFewestEditsAway() {
        assertEquals("learning_rate", Keys.nearest(Command.DPO, "learningrate"));
        assertEquals("beta", Keys.nearest(Command.DPO, "beat"));
        assertEquals("gradient_accumulation_steps", Keys.nearest(Command.DPO, "grad_accumulation_steps"));
        assertEquals("evaluation_strategy", Keys.nearest(Command.SFT, "evaluation_stratgy"));
        assertEquals("torch_dtype", Keys.nearest(Command.DPO, "torch_type"));
        String nearest = Keys.nearest(Command.SFT, "beta");
        assertTrue(Keys.find(Command.SFT, nearest).isPresent(), "another command's key: " + nearest);
    }

    @Test
    void editsCountInsertionsDeletionsSubstitutionsAndSwaps() {
        assertEquals(0, Keys.edits("beta", "beta"));
        assertEquals(4, Keys.edits("", "beta"));
        assertEquals(1, Keys.edits("beta", "betta"));
        assertEquals(1, Keys.edits("beta", "bea"));
        assertEquals(1, Keys.edits("beta", "bena"));
        assertEquals(1, Keys.edits("beta", "beat"));
        assertEquals(3, Keys.edits("kitten", "sitting"));
    }

    /** Every key that the issue's list and the notebook name. */
    @Test
    void everyPromisedKeyIsKnown() {
        String promised =
                """
                model_name_or_path dtype torch_dtype device compat beta max_prompt_length max_length learning_rate
                per_device_train_batch_size per_device_eval_batch_size gradient_accumulation_steps max_steps
                num_train_epochs warmup_steps warmup_ratio lr_scheduler_type gradient_checkpointing bf16 fp16
                dataloader_drop_last logging_steps save_steps save_strategy output_dir evaluation_strategy eval_strategy
                eval_steps report_to push_to_hub hub_model_id seed data_seed weight_decay max_grad_norm
                precompute_ref_log_probs chat_template ref_model_name_or_path resume_from_checkpoint save_dtype
                dataset_name dataset_train_split dataset_test_split max_train_samples dataset_format implicit_prompt""";
        List<String> unknown = Stream.of(promised.split("\\s+"))
                .filter(name -> Keys.find(Command.DPO, name).isEmpty())
                .toList();

        assertEquals(List.of(), unknown);
        assertTrue(Keys.find(Command.SFT, "completion_only_loss").isPresent());
    }

    /** A key in effect that the resolved recipe left out would be lost when the run is repeated. */
    @Test
    void theResolvedRecipeHoldsExactlyTheKeysInEffect() {
        Map<Command, String> resolved = Map.of(
                Command.DPO, Recipe.dpo("r", BASE + "compat: trl-1", List.of()).resolved(),
                Command.SFT, Recipe.sft("r", BASE + "compat: trl-1", List.of()).resolved());
        resolved.forEach((command, yaml) -> {
            List<String> written = yaml.lines()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .map(line -> line.substring(0, line.indexOf(':')))
                    .sorted()
                    .toList();
            List<String> inEffect = Keys.of(command).stream()
                    .filter(Key::inEffect)
                    .map(Key::name)
                    .sorted()
                    .toList();
            assertEquals(inEffect, written);
        });
    }

    /** The defaults are values of their own types: written out, they read back and say nothing. */
    @Test
    void everyDefaultReadsBackAndSaysNothing() {
        for (Command command : Command.values()) {
            List<String> wrong = new ArrayList<>();
            for (Key key : Keys.of(command)) {
                String value = key.defaultText(command);
                if (value == null) {
                    continue;
                }
                // A selecting key needs the dialect named.
                String yaml = BASE + (key.name().equals("compat") ? "" : "compat: trl-1\n") + key.name() + ": " + value;
                List<String> notes = command == Command.DPO
                        ? Recipe.dpo("r", yaml, List.of()).notes()
                        : Recipe.sft("r", yaml, List.of()).notes();
                notes.forEach(note -> wrong.add(note));
            }
            assertEquals(List.of(), wrong);
        }
    }

    @Test
    void sentencesOfTheTableAreFitToRead() {
        for (Key key : Keys.all()) {
            assertTrue(key.help().endsWith("."), key.name());
            String line = switch (key.standing()) {
                case Standing.InEffect() -> "a sentence";
                case Standing.AnotherWay(String of) -> of;
                case Standing.Later(String later) -> later;
                case Standing.NoEffect(String because) -> because;
                case Standing.Refused(String rule, String action) -> {
                    assertTrue(!action.endsWith(".") && !action.isBlank(), key.name());
                    yield rule;
                }
            };
            assertTrue(!line.endsWith(".") && !line.isBlank(), key.name());
        }
    }
}
