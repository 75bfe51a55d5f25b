package io.github.jalign;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.data.Item;
import io.github.jalign.data.ItemEncoder;
import io.github.jalign.data.RowId;
import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.GenerationDefaults;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.Reply;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.generate.Session;
import io.github.jalign.generate.TextGeneration;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A language model in memory, to talk to and to score answers with.
 *
 * <pre>{@code
 * try (Model model = Model.load("models/quickstart")) {
 *     Reply reply = model.chat(List.of(Message.user("What is the capital of Peru?")), model.options());
 *     System.out.println(reply.text());
 * }
 * }</pre>
 *
 * <p>Any thread may call; calls on one model are served one after another, each on the thread that calls and on the
 * model's own. Two models do not wait for each other. A listener must not call the model that it listens to.
 * {@link #close} waits for a call under way, then frees the native memory of weights, caches and tokenizer, and ends the
 * threads; calls after it are {@link IllegalStateException}s.
 */
public final class Model implements AutoCloseable {
    private static final int MOST_CONTEXT_UNASKED = 8192;
    private static final int MAX_NEW_TOKENS = 256;
    private static final long SEED = 42;

    private final ReentrantLock lock = new ReentrantLock(true);
    private final Path folder;
    private final Tokenizer tokenizer;
    private final Generator generator;
    private final int context;
    /** What was read last, so that a conversation that goes on is not read again. */
    private @Nullable Session session;

    private boolean closed;

    private Model(Path folder, Tokenizer tokenizer, int context, LoadOptions options) {
        this.folder = folder;
        this.tokenizer = tokenizer;
        this.context = context;
        this.generator = new Generator(folder, options.backend(), options.threads(), context);
    }

    /**
     * As {@link #load(String, LoadOptions)} with {@link LoadOptions#DEFAULT}.
     *
     * @param nameOrPath as there
     * @return the model, to be closed
     * @throws JalignException as there
     */
    public static Model load(String nameOrPath) {
        return load(nameOrPath, LoadOptions.DEFAULT);
    }

    /**
     * As {@link #load(String, LoadOptions)}, for a folder.
     *
     * @param folder a Hugging Face model folder
     * @param options how
     * @return the model, to be closed
     * @throws JalignException as there
     */
    public static Model load(Path folder, LoadOptions options) {
        return load(folder.toString(), options);
    }

    /**
     * Loads a model.
     *
     * @param nameOrPath a Hugging Face model folder, or {@code ORG/NAME} or {@code ORG/NAME@REVISION} of the local
     *     Hugging Face cache
     * @param options how
     * @return the model, to be closed
     * @throws JalignException of kind INPUT for a model that is not there or breaks a rule, of kind MEMORY when it does
     *     not fit
     */
    public static Model load(String nameOrPath, LoadOptions options) {
        Path folder = HubCache.ofUser().model(nameOrPath);
        int context = options.context() > 0 ? options.context() : contextOf(folder);
        Tokenizer tokenizer = Tokenizer.load(folder);
        boolean loaded = false;
        try {
            Model model = new Model(folder, tokenizer, context, options);
            loaded = true;
            return model;
        } finally {
            if (!loaded) {
                tokenizer.close();
            }
        }
    }

    private static int contextOf(Path folder) {
        try (ModelFolder files = ModelFolder.open(folder)) {
            ModelConfig config = ModelConfigReader.read(folder.resolve("config.json").toString(), files.config());
            return Math.min(config.maxPositionEmbeddings(), MOST_CONTEXT_UNASKED);
        }
    }

    /** {@return what was loaded} */
    public ModelConfig config() {
        return generator.config();
    }

    /** {@return most tokens of prompt and answer together} */
    public int context() {
        return context;
    }

    /** {@return what the model's {@code generation_config.json} says, for answers of at most 256 tokens, with seed 42} */
    public ChatOptions options() {
        GenerationDefaults own = generator.defaults();
        SamplingOptions sampling = new SamplingOptions(
                Math.min(MAX_NEW_TOKENS, context),
                own.temperature(),
                own.topK(),
                own.topP(),
                own.minP(),
                own.repetitionPenalty(),
                SEED);
        return new ChatOptions(sampling, List.of(), Map.of());
    }

    /**
     * Answers a conversation.
     *
     * @param messages the conversation so far, at least one message
     * @param options how tokens are chosen, and what ends the answer
     * @return the model's next turn
     * @throws JalignException of kind USAGE when prompt and answer may not fit the context, of kind INPUT when the
     *     model's template refuses the conversation or there is none, of kind NUMERIC when the model computes no numbers
     */
    public Reply chat(List<Message> messages, ChatOptions options) {
        return stream(messages, options, part -> true);
    }

    /**
     * Answers a conversation part by part.
     *
     * @param messages the conversation so far, at least one message
     * @param options how tokens are chosen, and what ends the answer
     * @param listener hears the text as it grows, on this thread, and ends the answer by returning false
     * @return the whole of it
     * @throws JalignException as {@link #chat}
     */
    public Reply stream(List<Message> messages, ChatOptions options, TextGeneration.Listener listener) {
        return exclusively(() -> {
            int[] prompt = tokenizer.encode(
                    format().render(Message.values(messages), true, options.templateVariables()));
            TextGeneration generation =
                    new TextGeneration(options.sampling(), generator.defaults().stopIds(), options.stopStrings());
            int tokens = Math.min(prompt.length + options.sampling().maxNewTokens(), context);
            return generation.run(session(tokens), tokenizer, prompt, listener);
        });
    }

    /** The last session when it has room, or another: its memory follows what conversations need. */
    private Session session(int tokens) {
        Session last = session;
        if (last != null && last.capacity() >= tokens) {
            return last;
        }
        if (last != null) {
            last.close();
            session = null;
        }
        Session roomier = generator.session(tokens);
        session = roomier;
        return roomier;
    }

    /**
     * Scores answers: how likely the model finds the chosen and the rejected one.
     *
     * @param preferences any number; they are packed together as training packs them
     * @return one score a preference, in order
     * @throws JalignException of kind INPUT when the model's template refuses a conversation or there is none, of kind
     *     USAGE when one has more tokens than the context
     */
    public List<Score> score(List<Preference> preferences) {
        return exclusively(() -> {
            List<Item> items = items(preferences);
            double[][] logps = generator.score(items);
            List<Score> scores = new ArrayList<>();
            for (int i = 0; i < logps.length; i++) {
                Item item = items.get(i);
                scores.add(new Score(
                        logps[i][0],
                        logps[i][1],
                        item.completions().get(0).ids().length,
                        item.completions().get(1).ids().length));
            }
            return List.copyOf(scores);
        });
    }

    private List<Item> items(List<Preference> preferences) {
        ItemEncoder encoder = new ItemEncoder(tokenizer, format());
        List<Item> items = new ArrayList<>();
        for (Preference p : preferences) {
            RowId row = new RowId("preferences", items.size() + 1, true);
            Item item = encoder.chat(
                    row,
                    Message.values(p.prompt()),
                    List.of(Message.values(p.chosen()), Message.values(p.rejected())));
            int length = Math.max(item.length(0), item.length(1));
            if (length > context) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        row.toString(),
                        "prompt and answer must fit the model's context",
                        length + " tokens",
                        "at most " + context + " tokens",
                        "shorten the conversation, or load the model with a larger context");
            }
            items.add(item);
        }
        return items;
    }

    private ChatFormat format() {
        @Nullable ChatTemplate template = tokenizer.chatTemplate();
        if (template == null) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    folder.toString(),
                    "a conversation needs the model's chat template",
                    "a model without one",
                    "chat_template.jinja, or chat_template in tokenizer_config.json",
                    "use a model that was trained to chat, or put its template into the folder");
        }
        return new ChatFormat(template, tokenizer.templateVariables(), LocalDate.now(ZoneId.systemDefault()));
    }

    /** {@return bytes of weights, caches and workspaces now; 0 once the model is closed} */
    public long allocatedBytes() {
        lock.lock();
        try {
            return generator.allocatedBytes();
        } finally {
            lock.unlock();
        }
    }

    private <T> T exclusively(Supplier<T> call) {
        lock();
        try {
            if (closed) {
                throw new IllegalStateException("the model is closed");
            }
            return call.get();
        } finally {
            lock.unlock();
        }
    }

    private void lock() {
        if (lock.isHeldByCurrentThread()) {
            throw new IllegalStateException("a listener called the model that it listens to");
        }
        lock.lock();
    }

    @Override
    public void close() {
        lock();
        try {
            if (!closed) {
                closed = true;
                session = null; // the generator frees its memory
                generator.close();
                tokenizer.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
