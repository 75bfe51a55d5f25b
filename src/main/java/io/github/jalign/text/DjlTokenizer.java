package io.github.jalign.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * Hugging Face's tokenizers library through DJL, with what DJL does by default taken away: it would cut texts at 512
 * tokens, and on a machine with CUDA download another build of its native library. The only class that sees DJL.
 * Threads may share one.
 */
final class DjlTokenizer implements AutoCloseable {
    private static final Map<String, String> OPTIONS =
            Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

    private final HuggingFaceTokenizer delegate;

    /**
     * @param json the content of a tokenizer.json
     * @throws RuntimeException with the library's words when it cannot use the content
     */
    DjlTokenizer(byte[] json) {
        // Both before DJL's class loads.
        System.setProperty("RUST_FLAVOR", "cpu");
        System.setProperty("ai.djl.offline", "true");
        try {
            delegate = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a byte array does not fail
        }
        if (!delegate.getTruncation().equals("DO_NOT_TRUNCATE") || !delegate.getPadding().equals("DO_NOT_PAD")) {
            String found = delegate.getTruncation() + ", " + delegate.getPadding();
            delegate.close();
            throw new IllegalStateException("DJL ignored its options: " + found);
        }
    }

    int[] encode(String text, boolean addSpecialTokens) {
        long[] ids = delegate.encode(text, addSpecialTokens, false).getIds();
        int[] narrow = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            narrow[i] = Math.toIntExact(ids[i]);
        }
        return narrow;
    }

    String decode(int[] ids, boolean skipSpecialTokens) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        return delegate.decode(wide, skipSpecialTokens);
    }

    @Override
    public void close() {
        delegate.close();
    }
}
