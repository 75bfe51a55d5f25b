package io.github.jalign.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Hugging Face's tokenizers library through DJL, with what DJL does by default taken away: it would cut texts at 512
 * tokens, and on a machine with CUDA download another build of its native library. The only class that sees DJL.
 * Threads may share one.
 */
final class DjlTokenizer implements AutoCloseable {
    private static final Map<String, String> OPTIONS =
            Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

    private final HuggingFaceTokenizer delegate;
    /** Calls share it; only closing excludes them, since it frees the native memory that they use. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    private boolean closed;

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
        long[] ids = whileOpen(() -> delegate.encode(text, addSpecialTokens, false).getIds());
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
        return whileOpen(() -> delegate.decode(wide, skipSpecialTokens));
    }

    private <T> T whileOpen(Supplier<T> call) {
        lock.readLock().lock();
        try {
            if (closed) {
                throw closed();
            }
            return call.get();
        } finally {
            lock.readLock().unlock();
        }
    }

    static IllegalStateException closed() {
        return new IllegalStateException("the tokenizer is closed");
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            closed = true;
            delegate.close();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
