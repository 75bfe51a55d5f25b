package io.github.jalign.text;

import io.github.jalign.text.ControlTokens.Occurrence;
import io.github.jalign.text.TokenizerFile.AddedToken;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * A tokenizer to which control tokens in the text are plain characters. It is the same tokenizer with every control
 * token renamed to a marker that no text contains; the control tokens that are meant are replaced by their markers. So
 * one call encodes the whole text, and what the normaliser and pre-tokenizer do around control tokens stays theirs.
 */
final class PlainDataTokenizer implements AutoCloseable {
    private final DjlTokenizer renamed;
    private final Map<AddedToken, String> markers;
    /** An id of the renamed tokenizer where it differs from the id of the true one. */
    private final Map<Integer, Integer> trueIds;

    PlainDataTokenizer(String where, byte[] tokenizerJson, List<AddedToken> controlTokens) {
        // Drawn afresh, so that no text can be written to contain a marker. Ids do not depend on it. Lower-case letters,
        // digits and these signs pass through normalisers unchanged.
        String nonce = UUID.randomUUID().toString();
        Map<AddedToken, String> markers = new HashMap<>();
        Map<String, String> names = new HashMap<>();
        for (AddedToken token : controlTokens) {
            String marker = "<" + nonce + ":" + token.id() + ">";
            markers.put(token, marker);
            names.put(token.content(), marker);
        }
        this.markers = Map.copyOf(markers);
        renamed = new DjlTokenizer(TokenizerFile.rename(where, tokenizerJson, names));
        Map<Integer, Integer> trueIds = new HashMap<>();
        for (AddedToken token : controlTokens) {
            int[] ids = renamed.encode(marker(token), false);
            int id = ids[ids.length - 1]; // a prefix space may come first
            if (id != token.id()) {
                trueIds.put(id, token.id());
            }
        }
        this.trueIds = Map.copyOf(trueIds);
    }

    private String marker(AddedToken token) {
        return Objects.requireNonNull(markers.get(token));
    }

    /** @param meant the control tokens that are control tokens; ascending */
    int[] encode(String text, List<Occurrence> meant) {
        StringBuilder marked = new StringBuilder(text.length() + 48 * meant.size());
        int end = 0;
        for (Occurrence occurrence : meant) {
            marked.append(text, end, occurrence.from()).append(marker(occurrence.token()));
            end = occurrence.to();
        }
        int[] ids = renamed.encode(marked.append(text, end, text.length()).toString(), false);
        if (!trueIds.isEmpty()) {
            for (int i = 0; i < ids.length; i++) {
                ids[i] = trueIds.getOrDefault(ids[i], ids[i]);
            }
        }
        return ids;
    }

    @Override
    public void close() {
        renamed.close();
    }
}
