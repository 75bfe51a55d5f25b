package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.generate.Session;
import io.github.jalign.generate.TextGeneration;
import io.github.jalign.ops.Backend;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Conversations with the model that ships, against the same messages rendered and answered anew. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ChatLoopTest {
    private static final Path MODEL = Path.of("models", "quickstart");
    private static final int CAPACITY = 160;
    private static final String NORWAY = "What is the capital of Norway?";
    private static final String FERN = "When does a fern need water?";

    @TempDir
    Path folder;

    private Prompting prompting;
    private Generator generator;

    @BeforeAll
    void load() {
        prompting = new Prompting(MODEL, new PromptFlags());
        generator = new Generator(MODEL, Backend.CPU, 1, CAPACITY);
    }

    @AfterAll
    void close() {
        generator.close();
        prompting.close();
    }

    /** One conversation; what Ctrl-C does is noted. */
    private final class Talk {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final List<String> ends = new ArrayList<>();
        SamplingOptions options = SamplingOptions.greedy(24);
        List<Map<String, @Nullable Object>> messages = List.of();
        boolean terminal;
        boolean timings;
        /** The part of an answer at which Ctrl-C is pressed. */
        int interruptAt = -1;

        Talk say(String... lines) {
            try (Session session = generator.session(CAPACITY)) {
                ChatLoop[] loop = new ChatLoop[1];
                PrintWriter answers = new PrintWriter(out) {
                    private int parts;

                    @Override
                    public void print(String text) {
                        super.print(text);
                        if (!text.equals("> ") && ++parts == interruptAt) {
                            loop[0].interrupted();
                        }
                    }
                };
                loop[0] = new ChatLoop(
                        new ChatLoop.Streams(
                                new BufferedReader(new StringReader(String.join("\n", lines))),
                                answers,
                                new PrintWriter(err),
                                terminal),
                        prompting,
                        session,
                        new TextGeneration(options, generator.defaults().stopIds(), List.of()),
                        messages,
                        timings,
                        () -> ends.add("ended"));
                loop[0].run();
                return this;
            }
        }
    }

    private static Map<String, @Nullable Object> user(String text) {
        return Prompting.message("user", text);
    }

    private static Map<String, @Nullable Object> assistant(String text) {
        return Prompting.message("assistant", text);
    }

    /** The answer without any cache. */
    private String answer(SamplingOptions options, List<Map<String, @Nullable Object>> messages) {
        int[] ids = generator.generate(
                prompting.conversation(messages), options, generator.defaults().stopIds(), id -> true);
        return prompting.tokenizer().decode(ids, true);
    }

    private String answer(List<Map<String, @Nullable Object>> messages) {
        return answer(SamplingOptions.greedy(24), messages);
    }

    @Test
    void whatWasSaidBeforeCounts() {
        String one = answer(List.of(user(NORWAY)));
        String two = answer(List.of(user(NORWAY), assistant(one), user(FERN)));
        Talk talk = new Talk().say(NORWAY, "", "   ", FERN);
        assertEquals(one + "\n" + two + "\n", talk.out.toString());
        assertEquals("", talk.err.toString());
    }

    @Test
    void onATerminalItPrompts() {
        Talk talk = new Talk();
        talk.terminal = true;
        talk.say(NORWAY, "/exit", "never read");
        assertEquals("> " + answer(List.of(user(NORWAY))) + "\n> ", talk.out.toString());
        assertEquals("", talk.err.toString());
    }

    /** The first question is read whole; of the second prompt all is in the cache that was said. */
    @Test
    void onlyNewTokensAreComputed() {
        String one = answer(List.of(user(NORWAY)));
        int first = prompting.conversation(List.of(user(NORWAY))).length;
        int second = prompting.conversation(List.of(user(NORWAY), assistant(one), user(FERN))).length;
        int said = prompting.tokenizer().encode(one, false).length;
        Talk talk = new Talk();
        talk.timings = true;
        talk.say(NORWAY, FERN);
        List<String> notes = talk.err.toString().lines().map(l -> l.replaceAll(", first token.*", "")).toList();
        assertEquals(
                List.of(
                        "(0 of " + first + " prompt tokens from the cache",
                        "(" + (first + said) + " of " + second + " prompt tokens from the cache"),
                notes);
    }

    @Test
    void aSystemMessageStaysWhenTheConversationBeginsAnew() {
        Map<String, @Nullable Object> system = Prompting.message("system", "Be kind.");
        Talk talk = new Talk();
        talk.messages = List.of(system);
        talk.say(FERN, "/reset", NORWAY);
        assertEquals(
                answer(List.of(system, user(FERN))) + "\n" + answer(List.of(system, user(NORWAY))) + "\n",
                talk.out.toString());
        assertEquals("a new conversation\n", talk.err.toString());
    }

    @Test
    void aQuestionCanBeTakenBack() {
        String fern = answer(List.of(user(FERN)));
        Talk talk = new Talk().say(NORWAY, "/undo", FERN);
        assertEquals(answer(List.of(user(NORWAY))) + "\n" + fern + "\n", talk.out.toString());
        assertEquals("taken back: " + NORWAY + "\n", talk.err.toString());
    }

    @Test
    void aRetryHasOtherRandomNumbers() {
        Talk talk = new Talk();
        talk.options = new SamplingOptions(24, 1, 0, 1, 0, 1, 5);
        talk.say(NORWAY, "/retry");
        String one = answer(talk.options, List.of(user(NORWAY)));
        String two = answer(talk.options.withSeed(6), List.of(user(NORWAY)));
        assertFalse(one.equals(two));
        assertEquals(one + "\n" + two + "\n", talk.out.toString());
    }

    @Test
    void aMessageMayHaveSeveralLinesAndBeginWithASlash() {
        Talk talk = new Talk().say("What is\\", "the capital\\", "of Norway?");
        assertEquals(answer(List.of(user("What is\nthe capital\nof Norway?"))) + "\n", talk.out.toString());
        talk = new Talk().say("//exit or stay?");
        assertEquals(answer(List.of(user("/exit or stay?"))) + "\n", talk.out.toString());
    }

    @Test
    void whatWasSavedCanBeGoneOnWith() throws Exception {
        Path file = folder.resolve("talk.json");
        Talk talk = new Talk().say(NORWAY, "/save " + file, FERN, "/save " + file);
        assertEquals(
                "saved 2 messages: " + file + "\nsaved 4 messages: " + file + "\n",
                talk.err.toString(),
                "its own file is written again");
        String one = answer(List.of(user(NORWAY)));
        List<Map<String, @Nullable Object>> messages = ChatFile.read(file);
        assertEquals(List.of(user(NORWAY), assistant(one), user(FERN)), messages.subList(0, 3));
        assertTrue(Files.readString(file).endsWith("}\n"));

        Talk more = new Talk();
        more.messages = messages;
        more.say("/undo", "/retry");
        assertEquals(one + "\n", more.out.toString());
    }

    @Test
    void helpListsTheCommands() {
        Talk talk = new Talk().say("/help");
        assertEquals("", talk.out.toString());
        assertEquals(
                """
                /undo          take the last question and its answer back
                /retry         answer the last question again, with other random numbers
                /reset         begin anew; the system message stays
                /save FILE     write the conversation as JSON; --messages FILE goes on with it
                /help          this list
                /exit          end, as Ctrl-D does
                Ctrl-C         stop the answer; once more, end
                \\              at the end of a line: the message goes on in the next
                //             at the start of a line: the message begins with /
                """,
                talk.err.toString());
    }

    @Test
    void ctrlCStopsTheAnswerAlone() {
        Talk talk = new Talk();
        talk.interruptAt = 3;
        talk.say(NORWAY, FERN);
        String one = answer(SamplingOptions.greedy(3), List.of(user(NORWAY)));
        String two = answer(List.of(user(NORWAY), assistant(one), user(FERN)));
        assertEquals(one + "\n" + two + "\n", talk.out.toString(), "what was said before it stopped counts");
        assertEquals("(stopped)\n", talk.err.toString());
        assertEquals(List.of(), talk.ends);
    }

    @Test
    void aSecondCtrlCAtThePromptEnds() {
        List<String> ends = new ArrayList<>();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        try (Session session = generator.session(CAPACITY)) {
            ChatLoop loop = new ChatLoop(
                    new ChatLoop.Streams(
                            new BufferedReader(new StringReader("")), new PrintWriter(out), new PrintWriter(err), true),
                    prompting,
                    session,
                    new TextGeneration(SamplingOptions.greedy(4), generator.defaults().stopIds(), List.of()),
                    List.of(),
                    false,
                    () -> ends.add("ended"));
            loop.interrupted();
            assertEquals(List.of(), ends);
            assertEquals("\nCtrl-C once more, or /exit, ends; /help lists the commands\n", err.toString());
            assertEquals("> ", out.toString());
            loop.interrupted();
            assertEquals(List.of("ended"), ends);
        }
    }

    @Test
    void theLengthOfAnswersIsSaid() {
        Talk talk = new Talk();
        talk.options = SamplingOptions.greedy(3);
        talk.say(NORWAY);
        assertEquals("(cut after 3 tokens; --max_new_tokens allows more)\n", talk.err.toString());
    }

    @Test
    void whenNothingMoreFitsTheQuestionIsNotKept() {
        Talk talk = new Talk();
        talk.terminal = true;
        String longer = "water ".repeat(CAPACITY);
        int tokens = prompting.conversation(List.of(user(longer))).length;
        talk.say(longer, NORWAY);
        assertEquals(
                """
                conversation: it must leave room for an answer
                  found     %d tokens
                  expected  at most 159
                  do        say less, /undo or /reset; --max_length makes room for more
                """
                        .formatted(tokens),
                talk.err.toString());
        assertEquals("> > " + answer(List.of(user(NORWAY))) + "\n> \n", talk.out.toString());
    }

    @Test
    void anAnswerEndsWhereTheRoomDoes() {
        Talk talk = new Talk();
        talk.options = SamplingOptions.greedy(10_000);
        String words = "water ".repeat(60);
        while (prompting.conversation(List.of(user(words))).length < CAPACITY - 2) {
            words += "x";
        }
        talk.say(words);
        assertEquals("(no room for more: /undo, /reset, or a larger --max_length)\n", talk.err.toString());
    }

    /** On a terminal a mistake is a message, elsewhere it is the end. */
    @Test
    void mistakes() throws Exception {
        Path taken = Files.writeString(folder.resolve("taken.txt"), "mine");
        mistake(
                "/sav x",
                """
                /sav: a line that begins with / must be a command
                  found     /sav
                  expected  /undo, /retry, /reset, /save FILE, /help or /exit
                  do        correct the command; a message may begin with //, which counts as one /""");
        mistake(
                "/undo",
                """
                conversation: there must be a question to take back
                  found     none
                  expected  a question before
                  do        ask one""");
        mistake(
                "/save",
                """
                /save: it needs the name of a file
                  found     no name
                  expected  /save FILE
                  do        add the name""");
        mistake(
                "/save " + taken,
                """
                %s: a conversation goes to a file of its own
                  found     a file that is there already
                  expected  a name that is free, or that this conversation was saved under
                  do        choose another name"""
                        .formatted(taken));
        assertEquals("mine", Files.readString(taken));
    }

    private void mistake(String line, String message) {
        JalignException e = assertThrows(JalignException.class, () -> new Talk().say(line));
        assertEquals(message, e.getMessage());
        assertEquals(JalignException.Kind.USAGE, e.kind());
        Talk talk = new Talk();
        talk.terminal = true;
        talk.say(line, "/exit");
        assertEquals(message + "\n", talk.err.toString());
    }
}
