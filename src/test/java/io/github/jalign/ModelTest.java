package io.github.jalign;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.data.DataConfig;
import io.github.jalign.data.Dataset;
import io.github.jalign.data.Item;
import io.github.jalign.data.Task;
import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.Finish;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.Reply;
import io.github.jalign.ops.Backend;
import io.github.jalign.recipe.Recipe;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelTest {
    private static final String FOLDER = "models/quickstart";
    private static final List<Message> PERU = List.of(Message.user("What is the capital of Peru?"));
    private static final List<Message> EGG = List.of(Message.user("How long should I boil an egg?"));
    private static final ChatOptions OPTIONS = ChatOptions.greedy(24);

    private static Model model;

    @BeforeAll
    static void load() {
        model = Model.load(FOLDER, LoadOptions.DEFAULT.withThreads(2));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void aModelAnswersInWholeSentencesAndStops() {
        Reply reply = model.chat(PERU, model.options().withTemperature(0));

        assertEquals(Finish.STOP, reply.finish());
        assertTrue(reply.text().contains("Peru"), reply.text());
        assertTrue(reply.text().endsWith(".") || reply.text().endsWith("!"), reply.text());
    }

    @Test
    void aStreamIsTheAnswerInParts() {
        List<String> parts = new ArrayList<>();
        Reply reply = model.stream(PERU, OPTIONS, parts::add);

        assertEquals(model.chat(PERU, OPTIONS).text(), reply.text());
        assertEquals(reply.text(), String.join("", parts));
        assertTrue(parts.size() > 3, parts.toString());
    }

    @Test
    void aListenerEndsAnAnswer() {
        List<String> parts = new ArrayList<>();
        Reply reply = model.stream(PERU, OPTIONS, part -> parts.add(part) && parts.size() < 3);

        assertEquals(Finish.CANCELLED, reply.finish());
        assertEquals(3, reply.tokens());
    }

    @Test
    void aStopStringAndALengthEndAnAnswer() {
        String whole = model.chat(PERU, OPTIONS).text();
        String word = whole.substring(whole.indexOf(' ') + 1, whole.indexOf(' ', whole.indexOf(' ') + 1));

        Reply stopped = model.chat(PERU, OPTIONS.withStopStrings(List.of(word)));
        assertEquals(whole.substring(0, whole.indexOf(word)), stopped.text());
        assertEquals(Finish.STOP, stopped.finish());
        Reply cut = model.chat(PERU, OPTIONS.withMaxNewTokens(2));
        assertEquals(Finish.LENGTH, cut.finish());
        assertTrue(whole.startsWith(cut.text()), cut.text());
    }

    @Test
    void equalSeedsGiveEqualAnswers() {
        ChatOptions warm = OPTIONS.withTemperature(1.5);
        List<String> answers = IntStream.range(0, 8)
                .mapToObj(seed -> model.chat(PERU, warm.withSeed(seed)).text())
                .toList();

        assertEquals(answers.get(3), model.chat(PERU, warm.withSeed(3)).text());
        assertTrue(answers.stream().distinct().count() > 1, answers.toString());
    }

    @Test
    void aConversationThatGoesOnIsReadOnceAndAnsweredAsIfReadAnew() {
        try (Model talking = Model.load(FOLDER);
                Model fresh = Model.load(FOLDER)) {
            List<Message> conversation = new ArrayList<>(PERU);
            Reply first = talking.chat(conversation, OPTIONS);
            conversation.add(Message.assistant(first.text()));
            conversation.addAll(EGG);
            talking.chat(conversation, OPTIONS); // makes room
            conversation.add(Message.user("And of Chile?"));
            Reply again = talking.chat(conversation.subList(0, 3), OPTIONS);

            assertTrue(again.cachedTokens() > 0);
            assertEquals(fresh.chat(conversation.subList(0, 3), OPTIONS).text(), again.text());
        }
    }

    @Test
    void scoresAreThoseOfTheSameRowsInAFile(@TempDir Path temporary) throws IOException {
        List<Preference> preferences = List.of(
                Preference.of("What is the capital of Peru?", "Sure! It is Lima.", "Ugh."),
                Preference.of("How long should I boil an egg?", "Who cares?", "Seven minutes, and then cool it."));
        Path file = Files.write(
                temporary.resolve("pairs.jsonl"),
                preferences.stream().map(Preference::toJson).toList());
        assertEquals(
                """
                {"prompt":[{"role":"user","content":"What is the capital of Peru?"}],\
                "chosen":[{"role":"assistant","content":"Sure! It is Lima."}],\
                "rejected":[{"role":"assistant","content":"Ugh."}]}""",
                preferences.getFirst().toJson());
        DataConfig data = Recipe.dpo(List.of("--model_name_or_path=" + FOLDER, "--dataset_name=" + file))
                .config()
                .data();
        double[][] expected;
        List<Item> items;
        try (Tokenizer tokenizer = Tokenizer.load(Path.of(FOLDER));
                Generator generator = new Generator(Path.of(FOLDER), Backend.CPU, 2, model.context())) {
            ChatFormat format = new ChatFormat(
                    Objects.requireNonNull(tokenizer.chatTemplate()), tokenizer.templateVariables(), LocalDate.EPOCH);
            items = Dataset.load(data, Task.DPO, tokenizer, format).train();
            expected = generator.score(items);
        }

        List<Score> scores = model.score(preferences);

        for (int i = 0; i < 2; i++) {
            Score score = scores.get(i);
            assertArrayEquals(expected[i], new double[] {score.chosenLogp(), score.rejectedLogp()});
            assertEquals(items.get(i).completions().get(0).ids().length, score.chosenTokens());
            assertEquals(items.get(i).completions().get(1).ids().length, score.rejectedTokens());
            assertEquals(expected[i][0] - expected[i][1], score.margin());
            assertEquals(expected[i][0] > expected[i][1], score.accurate());
        }
        assertEquals(List.of(), model.score(List.of()));
    }

    @Test
    void twoModelsAnswerSideBySideAndAsManyThreadsAsLike() throws InterruptedException, ExecutionException {
        String peru = model.chat(PERU, OPTIONS).text();
        String egg = model.chat(EGG, OPTIONS).text();
        try (Model other = Model.load(FOLDER, LoadOptions.DEFAULT.withThreads(1));
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                answers.add(threads.submit(() -> model.chat(PERU, OPTIONS).text()));
                answers.add(threads.submit(() -> other.chat(EGG, OPTIONS).text()));
            }
            for (int i = 0; i < answers.size(); i++) {
                assertEquals(i % 2 == 0 ? peru : egg, answers.get(i).get());
            }
        }
    }

    @Test
    void closingFreesEverythingAndIsFinal() {
        long threads = computingThreads();
        Model closing = Model.load(FOLDER, LoadOptions.DEFAULT.withThreads(3).withContext(64));
        closing.chat(PERU, ChatOptions.greedy(4));
        assertEquals(threads + 2, computingThreads());
        // The weights alone, in float32.
        assertTrue(closing.allocatedBytes() > 4 * closing.config().parameterCount());

        closing.close();
        closing.close();

        assertEquals(0, closing.allocatedBytes());
        assertEquals(threads, computingThreads());
        IllegalStateException chat = assertThrows(IllegalStateException.class, () -> closing.chat(PERU, OPTIONS));
        assertEquals("the model is closed", chat.getMessage());
        assertThrows(IllegalStateException.class, () -> closing.score(List.of()));
    }

    private static long computingThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().startsWith("jalign-cpu"))
                .count();
    }

    @Test
    void aListenerMayNotCallItsModel() {
        IllegalStateException e = assertThrows(
                IllegalStateException.class,
                () -> model.stream(PERU, OPTIONS, part -> model.chat(EGG, OPTIONS).text().isEmpty()));
        assertEquals("a listener called the model that it listens to", e.getMessage());
        assertEquals(Finish.STOP, model.chat(PERU, model.options().withTemperature(0)).finish());
    }

    @Test
    void theContextIsTheModelsUnlessAskedFor() {
        assertEquals(model.config().maxPositionEmbeddings(), model.context());
        try (Model small = Model.load(Path.of(FOLDER), LoadOptions.DEFAULT.withContext(20))) {
            assertEquals(20, small.context());
            assertEquals(20, small.options().sampling().maxNewTokens());
            assertMessage(() -> small.score(List.of(Preference.of("Who?", "Me.", "A ".repeat(20)))), """
                    preferences row 1: prompt and answer must fit the model's context
                      found     33 tokens
                      expected  at most 20 tokens
                      do        shorten the conversation, or load the model with a larger context""");
        }
    }

    @Test
    void whatCannotBeLoadedOrAskedIsAMessage(@TempDir Path temporary) throws IOException {
        assertMessage(() -> LoadOptions.DEFAULT.withThreads(-1), """
                threads: a load option must be in range
                  found     -1
                  expected  0, which leaves it to jalign, or more
                  do        set threads to such a value""");
        assertMessage(() -> OPTIONS.withStopStrings(List.of("")), """
                stop strings: a stop string has characters
                  found     an empty one
                  expected  a text, or no stop string
                  do        leave it out""");
        assertMessage(() -> model.score(List.of(new Preference(PERU, List.of(), List.of()))), """
                preferences row 1: every completion must have a token
                  found     none after the prompt
                  expected  messages with text
                  do        correct the messages""");
        Path mute = temporary.resolve("mute");
        Files.createDirectories(mute);
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(Path.of(FOLDER, name), mute.resolve(name));
        }
        try (Model base = Model.load(mute, LoadOptions.DEFAULT)) {
            assertMessage(() -> base.chat(PERU, OPTIONS), """
                    %s: a conversation needs the model's chat template
                      found     a model without one
                      expected  chat_template.jinja, or chat_template in tokenizer_config.json
                      do        use a model that was trained to chat, or put its template into the folder"""
                    .formatted(mute));
        }
        assertMessage(() -> Model.load(temporary.resolve("none"), LoadOptions.DEFAULT), """
                %s: the model must be a local folder
                  found     nothing of that name
                  expected  a folder with config.json and model.safetensors
                  do        give the folder, or download the model first: jalign does not"""
                .formatted(temporary.resolve("none")));
    }

    private static void assertMessage(org.junit.jupiter.api.function.Executable action, String message) {
        assertEquals(message, assertThrows(JalignException.class, action).getMessage());
    }
}
