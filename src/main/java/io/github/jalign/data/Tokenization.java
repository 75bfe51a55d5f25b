package io.github.jalign.data;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.data.Example.Tokens;
import io.github.jalign.data.Outcome.Event;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * From examples to items, as TRL 1.16 does it (dpo_trainer.py, sft_trainer.py): a completion starts where the tokens of
 * the prompt alone and those of the prompt with a completion diverge, at the same place for all completions of a row.
 *
 * @param maxPromptLength cuts the beginning of prompts; null cuts nothing
 * @param maxLength cuts the end of prompt and completion together, and drops rows whose prompt reaches it; null does
 *     neither
 */
record Tokenization(Encoder encoder, @Nullable Integer maxPromptLength, @Nullable Integer maxLength) {

    Outcome outcome(RowId row, Example example) throws BadRowException {
        Set<Event> events = EnumSet.noneOf(Event.class);
        Tokens tokens = switch (example) {
            case Text text -> tokens(text, events);
            case Chat chat -> tokens(chat, events);
            case Tokens given -> given;
        };
        int[] prompt = tokens.prompt();
        Lengths lengths = new Lengths(
                prompt.length,
                tokens.completions().stream().map(completion -> completion.ids().length).toList());
        if (maxPromptLength != null && prompt.length > maxPromptLength) {
            prompt = Arrays.copyOfRange(prompt, prompt.length - maxPromptLength, prompt.length);
            events.add(Event.PROMPT_TRUNCATED);
        }
        if (maxLength != null && prompt.length >= maxLength) {
            events.add(Event.PROMPT_FILLS);
            return new Outcome(null, events, lengths);
        }
        List<Completion> completions = new ArrayList<>();
        for (Completion completion : tokens.completions()) {
            int room = maxLength == null ? Integer.MAX_VALUE : maxLength - prompt.length;
            if (completion.ids().length > room) {
                completion = completion.first(room);
                events.add(Event.TRUNCATED);
            }
            completions.add(completion);
        }
        Item item = untrainedStartToPrompt(new Item(row, prompt, completions));
        for (int c = 0; c < completions.size(); c++) {
            if (Pack.trained(item, c) == 0) {
                events.add(Event.NOTHING_TRAINED);
                return new Outcome(null, events, lengths);
            }
        }
        if (completions.size() == 2
                && Arrays.equals(completions.get(0).ids(), completions.get(1).ids())) {
            events.add(Event.IDENTICAL);
        }
        return new Outcome(item, events, lengths);
    }

    private Tokens tokens(Text text, Set<Event> events) throws BadRowException {
        events.add(Event.TEXT);
        String prompt = text.prompt();
        List<int[]> sequences = new ArrayList<>();
        for (String completion : text.completions()) {
            String end = completion.endsWith(encoder.eosToken()) ? "" : encoder.eosToken();
            sequences.add(encoder.text((prompt == null ? "" : prompt) + completion + end));
        }
        return split(prompt == null ? new int[0] : encoder.text(prompt), sequences, events);
    }

    private Tokens tokens(Chat chat, Set<Event> events) throws BadRowException {
        List<Map<String, @Nullable Object>> prompt = chat.prompt();
        List<int[]> sequences = new ArrayList<>();
        for (List<Map<String, @Nullable Object>> completion : chat.completions()) {
            List<Map<String, @Nullable Object>> conversation = new ArrayList<>(prompt == null ? List.of() : prompt);
            conversation.addAll(completion);
            sequences.add(encoder.chat(conversation, false, chat.variables()));
        }
        return split(
                prompt == null ? new int[0] : encoder.chat(prompt, true, chat.variables()), sequences, events);
    }

    /** Cuts the sequences after the tokens that all of them share with the prompt. */
    private static Tokens split(int[] prompt, List<int[]> sequences, Set<Event> events) {
        int common = prompt.length;
        for (int[] sequence : sequences) {
            int mismatch = Arrays.mismatch(prompt, sequence);
            common = mismatch < 0 ? common : Math.min(common, mismatch);
        }
        if (common < prompt.length) {
            events.add(Event.BOUNDARY_MISMATCH);
        }
        List<Completion> completions = new ArrayList<>();
        for (int[] sequence : sequences) {
            completions.add(new Completion(Arrays.copyOfRange(sequence, common, sequence.length), null));
        }
        return new Tokens(Arrays.copyOf(prompt, common), completions);
    }

    /** Moves what an only completion leaves untrained at its start to the prompt. */
    private static Item untrainedStartToPrompt(Item item) {
        Completion completion = item.completions().getFirst();
        int start = 0;
        while (start < completion.ids().length && !completion.trained(start)) {
            start++;
        }
        if (item.completions().size() > 1 || start == 0) {
            return item;
        }
        int[] sequence = SftFormat.joined(item.prompt(), completion.ids());
        int split = item.prompt().length + start;
        return new Item(item.row(), Arrays.copyOf(sequence, split), List.of(completion.from(start)));
    }
}
