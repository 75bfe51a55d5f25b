package io.github.jalign.recipe;

import static io.github.jalign.recipe.Command.DPO;
import static io.github.jalign.recipe.Command.SFT;
import static io.github.jalign.recipe.Group.DATA;
import static io.github.jalign.recipe.Group.LORA;
import static io.github.jalign.recipe.Group.LOSS;
import static io.github.jalign.recipe.Group.MODEL;
import static io.github.jalign.recipe.Key.key;

import java.util.List;

/** TRL's and the alignment handbook's keys that are not in effect here, each with what is made of it. */
final class TrlKeys {
    private TrlKeys() {}

    private static final String NOT_YET = " is known but not built yet";
    private static final String ONE_DATA_SET =
            "name one file or folder, for example --dataset_name=pairs.jsonl, which replaces the mixture";

    static final List<Key> LOSS_AND_REFERENCE = List.of(
            key(LOSS, "precompute_ref_log_probs", Type.flag(), "Whether reference log-probs are computed ahead.")
                    .only(DPO)
                    .at(true).noEffect("reference log-probs are always computed once, ahead, and cached"),
            key(LOSS, "precompute_ref_batch_size", Type.whole(1), "Batch size of that pass.").only(DPO).orNull()
                    .noEffect("the batch size does not change reference log-probs"),
            key(LOSS, "label_smoothing", Type.real(0), "The share of labels taken as wrong.").only(DPO).at(0.0)
                    .refused("the losses that use label_smoothing are not built yet", "set label_smoothing: 0"),
            key(LOSS, "f_divergence_type", Type.anything("a divergence"),
                            "The divergence between policy and reference.")
                    .only(DPO).at("reverse_kl")
                    .refused("divergences but reverse_kl are not built yet", "set f_divergence_type: reverse_kl"),
            key(LOSS, "f_alpha_divergence_coef", Type.real(0), "Of f_divergence_type: alpha_divergence.")
                    .only(DPO).at(0.5)
                    .noEffect("it belongs to f_divergence_type: alpha_divergence"),
            key(LOSS, "discopop_tau", Type.real(0), "Of loss_type: discopop.").only(DPO).at(0.05)
                    .noEffect("it belongs to loss_type: discopop"),
            key(LOSS, "ld_alpha", Type.real(0), "Length desensitisation.").only(DPO).orNull()
                    .refused("ld_alpha" + NOT_YET, "remove ld_alpha"),
            key(LOSS, "use_weighting", Type.flag(), "WPO weights.").only(DPO).at(false)
                    .refused("use_weighting" + NOT_YET, "set use_weighting: false"),
            key(LOSS, "rpo_alpha", Type.real(0), "Weight of a cross-entropy term, in TRL 0.19.").only(DPO).orNull()
                    .refused("TRL 1 has no rpo_alpha", "set loss_type: [sigmoid, sft] and loss_weights instead"),
            key(LOSS, "reference_free", Type.flag(), "Whether to do without a reference, in TRL 0.19.")
                    .only(DPO).at(false)
                    .refused("TRL 1 has no reference_free", "set reference_free: false"),
            key(LOSS, "sync_ref_model", Type.flag(), "Whether the reference follows the policy.").only(DPO).at(false)
                    .refused("sync_ref_model" + NOT_YET, "set sync_ref_model: false"),
            key(LOSS, "ref_model_mixup_alpha", Type.real(0), "Of sync_ref_model.").only(DPO).at(0.6)
                    .noEffect("it belongs to sync_ref_model"),
            key(LOSS, "ref_model_sync_steps", Type.whole(1), "Of sync_ref_model.").only(DPO).at(512)
                    .noEffect("it belongs to sync_ref_model"),
            key(LOSS, "force_use_ref_model", Type.flag(), "Whether adapters and a reference may both be given.")
                    .only(DPO)
                    .at(false).noEffect("ref_model_name_or_path is used whenever it is given"),
            key(LOSS, "use_logits_to_keep", Type.flag(), "Whether the head runs on completions only.")
                    .only(DPO).at(true)
                    .noEffect("the head always runs on completion tokens only"),
            key(LOSS, "generate_during_eval", Type.flag(), "Whether to sample answers in evaluation.")
                    .only(DPO).at(false)
                    .later("evaluation scores pairs and samples no answers yet"),
            key(LOSS, "disable_dropout", Type.flag(), "Whether dropout is off.").at(true)
                    .refused("jalign trains without dropout", "set disable_dropout: true"),
            key(LOSS, "router_aux_loss_coef", Type.real(0), "Weight of a router's loss.").at(0.001)
                    .noEffect("the models that jalign trains have no experts"),
            key(LOSS, "loss_type", Type.word(List.of("dft"), "nll", "chunked_nll"), "The loss: cross-entropy.")
                    .only(SFT)
                    .at("chunked_nll").quiet("nll").noEffect("the loss is cross-entropy"),
            key(LOSS, "assistant_only_loss", Type.flag(), "Whether only the assistant's turns are trained.").only(SFT)
                    .at(false).refused("assistant_only_loss" + NOT_YET, "set assistant_only_loss: false"));

    static final List<Key> DATA_AND_MODEL = List.of(
            key(DATA, "dataset_mixture", Type.mapping(),
                            "Several data sets with weights, as in the alignment handbook.")
                    .orNull().refused("mixtures of data sets are not built yet", ONE_DATA_SET),
            key(DATA, "dataset_mixer", Type.mapping(), "Data sets and their shares, as in older handbooks.").orNull()
                    .refused("mixtures of data sets are not built yet", ONE_DATA_SET),
            key(DATA, "dataset_splits", Type.items("a list of splits", Type.text("a split")),
                            "The splits of dataset_mixer.")
                    .orNull().refused("mixtures of data sets are not built yet", ONE_DATA_SET),
            key(DATA, "datasets", Type.anything("a list of data sets"), "Several data sets, as in TRL 1.").orNull()
                    .refused("mixtures of data sets are not built yet", ONE_DATA_SET),
            key(DATA, "dataset_config", Type.text("a name"), "The configuration of a data set on the Hub.").orNull()
                    .quiet("default")
                    .refused("files and folders have no configurations", "name the file or folder in dataset_name"),
            key(DATA, "dataset_streaming", Type.flag(), "Whether rows are read as they are needed.").alias("streaming")
                    .at(false).noEffect("rows are read once, before training"),
            key(DATA, "dataset_num_proc", Type.whole(1), "Processes that prepare the data.").orNull()
                    .noEffect("rows are prepared one after another"),
            key(DATA, "dataset_kwargs", Type.mapping(), "Details of TRL's preparation.").only(SFT).orNull()
                    .noEffect("special tokens come from the chat template alone"),
            key(DATA, "dataset_text_field", Type.text("a column"), "The column of plain text.").only(SFT).at("text")
                    .refused("the column of plain text is 'text'", "rename the column to text"),
            key(DATA, "shuffle_dataset", Type.flag(), "Whether rows are shuffled before they are prepared.").only(SFT)
                    .at(false)
                    .refused("shuffle_dataset" + NOT_YET, "set shuffle_dataset: false; every epoch is shuffled"),
            key(DATA, "packing", Type.flag(), "Whether rows are joined to sequences of max_length.").only(SFT).at(false)
                    .refused("packing, which changes what a row may attend to," + NOT_YET,
                            "set packing: false; rows are computed together without padding in any case"),
            key(DATA, "eval_packing", Type.flag(), "The same for evaluation.").only(SFT).orNull().quiet(false)
                    .refused("packing" + NOT_YET, "set eval_packing: false"),
            key(DATA, "packing_strategy", Type.text("a strategy"), "Of packing.").only(SFT).at("bfd")
                    .noEffect("it belongs to packing"),
            key(DATA, "eos_token", Type.text("a token"), "The token that ends a turn.").only(SFT).orNull()
                    .refused("the end of a turn is the model's own",
                            "remove eos_token, or set it in tokenizer_config.json"),
            key(DATA, "pad_token", Type.text("a token"), "The padding token.").orNull().noEffect("nothing is padded"),
            key(DATA, "chat_template_path", Type.path("a file"), "A file that holds the chat template.")
                    .only(SFT).orNull()
                    .refused("the template's file is named by chat_template", "write chat_template instead"),
            key(DATA, "truncation_mode", Type.word(List.of(), "keep_start", "keep_end"),
                            "Which end of a long row stays.")
                    .at("keep_start")
                    .refused("keep_end, which TRL 1 deprecates, is not built", "set truncation_mode: keep_start"),
            key(DATA, "padding_free", Type.flag(), "Whether to compute without padding.").at(true)
                    .noEffect("nothing is ever padded"),
            key(DATA, "pad_to_multiple_of", Type.whole(1), "Rounding of padded lengths.").orNull()
                    .noEffect("nothing is padded"),
            key(DATA, "padding_value", Type.whole(0), "The id that pads.")
                    .only(DPO).orNull().noEffect("nothing is padded"),
            key(DATA, "label_pad_token_id", Type.whole(-100), "The label that is left out.").only(DPO).at(-100)
                    .noEffect("tokens outside the completion have no label"),
            key(DATA, "tools", Type.anything("a list of tools"), "Tools that templates see in every row.")
                    .only(DPO).orNull()
                    .refused("tools for every row are not built yet", "remove tools"),
            key(MODEL, "model_revision", Type.text("a revision"), "The revision of a model from the Hugging Face cache.")
                    .at("main").anotherWay("model_name_or_path"),
            key(MODEL, "trust_remote_code", Type.flag(), "Whether code beside the weights may run.").at(false)
                    .noEffect("jalign never runs code that comes with a model"),
            key(MODEL, "attn_implementation", Type.text("a name"), "The attention kernel.").orNull()
                    .noEffect("attention is jalign's own"),
            key(MODEL, "use_liger_kernel", Type.flag(), "Whether Liger's kernels are used.").alias("use_liger_loss")
                    .at(false).noEffect("kernels are jalign's own; the loss is fused with the head in any case"),
            key(MODEL, "liger_kernel_config", Type.mapping(), "Of use_liger_kernel.").orNull()
                    .noEffect("kernels are jalign's own"),
            key(MODEL, "model_init_kwargs", Type.mapping(), "Arguments of from_pretrained.").orNull()
                    .refused("there is no from_pretrained to give them to", "set dtype and the like as keys"),
            key(MODEL, "ref_model_init_kwargs", Type.mapping(), "Arguments of from_pretrained.").only(DPO).orNull()
                    .refused("there is no from_pretrained to give them to", "remove ref_model_init_kwargs"),
            key(MODEL, "base_model_attribute_name", Type.text("a name"), "Where Liger finds the model.")
                    .only(DPO).at("model")
                    .noEffect("it belongs to Liger's kernels"),
            key(MODEL, "ignore_bias_buffers", Type.flag(), "A workaround of torch's data parallelism.").at(false)
                    .noEffect("there is no torch underneath"),
            key(MODEL, "activation_offloading", Type.flag(), "Whether activations move to the host.").at(false)
                    .later("activations stay on the device; gradient_checkpointing saves memory"));

    static final List<Key> ADAPTERS = List.of(
            key(LORA, "use_peft", Type.flag(), "Whether adapters are trained instead of the model.").at(false)
                    .refused("adapters are not built yet; without them the whole model would be trained",
                            "set use_peft: false to train the whole model"),
            lora("lora_r", Type.whole(1)).at(16),
            lora("lora_alpha", Type.whole(1)).at(32),
            lora("lora_dropout", Type.real(0)).at(0.05),
            lora("lora_target_modules", Type.items("a list of modules", Type.text("a module"))).orNull(),
            lora("lora_target_parameters", Type.items("a list of parameters", Type.text("a parameter"))).orNull(),
            lora("lora_modules_to_save", Type.items("a list of modules", Type.text("a module"))).orNull(),
            lora("lora_task_type", Type.text("a task")).at("CAUSAL_LM"),
            lora("use_rslora", Type.flag()).at(false),
            lora("use_dora", Type.flag()).at(false),
            lora("model_adapter_name", Type.text("a name")).only(DPO).orNull(),
            lora("ref_adapter_name", Type.text("a name")).only(DPO).orNull(),
            key(LORA, "load_in_4bit", Type.flag(), "Whether frozen weights are held in 4 bits.").at(false)
                    .refused("quantised weights are not built yet", "set load_in_4bit: false"),
            key(LORA, "load_in_8bit", Type.flag(), "Whether frozen weights are held in 8 bits.").at(false)
                    .refused("quantised weights are not built yet", "set load_in_8bit: false"),
            quantised("bnb_4bit_quant_type").at("nf4"),
            quantised("use_bnb_nested_quant").at("false"),
            quantised("bnb_4bit_quant_storage").orNull());

    private static Key lora(String name, Type type) {
        return key(LORA, name, type, "Of use_peft.").noEffect("it belongs to use_peft");
    }

    private static Key quantised(String name) {
        return key(LORA, name, Type.text("a name"), "Of load_in_4bit.").noEffect("it belongs to load_in_4bit");
    }
}
