package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.Finish;
import io.github.jalign.generate.Reply;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.generate.Session;
import io.github.jalign.generate.TextGeneration;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A conversation line by line. On a terminal it prompts, and after a mistake goes on; elsewhere standard output holds the
 * answers alone, and a mistake ends it.
 */
final class ChatLoop {
    private static final String PROMPT = "> ";
    private static final String MORE = ". ";
    private static final List<String> HELP = List.of(
            "/undo          take the last question and its answer back",
            "/retry         answer the last question again, with other random numbers",
            "/reset         begin anew; the system message stays",
            "/save FILE     write the conversation as JSON; --messages FILE goes on with it",
            "/help          this list",
            "/exit          end, as Ctrl-D does",
            "Ctrl-C         stop the answer; once more, end",
            "\\              at the end of a line: the message goes on in the next",
            "//             at the start of a line: the message begins with /");

    /** Where the conversation comes from and goes to. */
    record Streams(BufferedReader in, PrintWriter out, PrintWriter err, boolean terminal) {}

    private final Streams streams;
    private final Prompting prompting;
    private final Session session;
    private final TextGeneration generation;
    private final boolean timings;
    private final Runnable end;
    private final List<Map<String, @Nullable Object>> messages;
    private final List<Map<String, @Nullable Object>> system;
    private final Set<Path> own = new HashSet<>();
    /** Each answer has random numbers of its own. */
    private int answers;

    private volatile boolean answering;
    private volatile boolean stop;
    private volatile boolean warned;

    /**
     * @param generation its {@code maxNewTokens} is the most; less when less fits
     * @param messages what has been said so far
     * @param end ends the process, when Ctrl-C asks for it while a line is awaited
     */
    ChatLoop(
            Streams streams,
            Prompting prompting,
            Session session,
            TextGeneration generation,
            List<Map<String, @Nullable Object>> messages,
            boolean timings,
            Runnable end) {
        this.streams = streams;
        this.prompting = prompting;
        this.session = session;
        this.generation = generation;
        this.messages = new ArrayList<>(messages);
        this.system = messages.stream().takeWhile(m -> "system".equals(m.get("role"))).toList();
        this.timings = timings;
        this.end = end;
    }

    /** Until the input ends or a line asks for it. */
    void run() {
        while (true) {
            String line = message();
            if (line == null) {
                if (streams.terminal()) {
                    say(streams.out(), "");
                }
                return;
            }
            try {
                if (!handle(line)) {
                    return;
                }
            } catch (JalignException e) {
                if (!streams.terminal()) {
                    throw e;
                }
                say(streams.err(), String.valueOf(e.getMessage()));
            }
        }
    }

    /** To be called, from another thread, when Ctrl-C was pressed. */
    void interrupted() {
        if (answering) {
            stop = true;
        } else if (warned) {
            end.run();
        } else {
            warned = true;
            if (streams.terminal()) {
                say(streams.err(), "");
                say(streams.err(), "Ctrl-C once more, or /exit, ends; /help lists the commands");
                prompt(PROMPT);
            }
        }
    }

    /** The next message or command; null at the end of the input. */
    private @Nullable String message() {
        StringBuilder message = new StringBuilder();
        prompt(PROMPT);
        while (true) {
            @Nullable String line = line();
            if (line == null) {
                return message.isEmpty() ? null : message.toString();
            }
            warned = false;
            if (!line.endsWith("\\")) {
                return message.append(line).toString();
            }
            message.append(line, 0, line.length() - 1).append('\n');
            prompt(MORE);
        }
    }

    private @Nullable String line() {
        try {
            return streams.in().readLine();
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    "standard input",
                    "the conversation must be readable",
                    e.toString(),
                    "UTF-8 text",
                    "check where the input comes from",
                    e);
        }
    }

    /** @return whether the conversation goes on */
    private boolean handle(String line) {
        if (line.isBlank()) {
            return true;
        }
        if (line.startsWith("//") || !line.startsWith("/")) {
            ask(Prompting.message("user", line.startsWith("//") ? line.substring(1) : line));
            return true;
        }
        String[] words = line.strip().split("\\s+", 2);
        switch (words[0]) {
            case "/exit", "/quit" -> {
                return false;
            }
            case "/help" -> HELP.forEach(help -> say(streams.err(), help));
            case "/undo" -> say(streams.err(), "taken back: " + shortened(undo()));
            case "/retry" -> ask(undo());
            case "/reset" -> {
                messages.clear();
                messages.addAll(system);
                say(streams.err(), "a new conversation");
            }
            case "/save" -> save(words.length == 1 ? "" : words[1]);
            default ->
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        words[0],
                        "a line that begins with / must be a command",
                        words[0],
                        "/undo, /retry, /reset, /save FILE, /help or /exit",
                        "correct the command; a message may begin with //, which counts as one /");
        }
        return true;
    }

    /** Takes the last user message and all that follows it out of the conversation. */
    private Map<String, @Nullable Object> undo() {
        for (int i = messages.size() - 1; i >= 0; i--) {
            if ("user".equals(messages.get(i).get("role"))) {
                Map<String, @Nullable Object> question = messages.get(i);
                messages.subList(i, messages.size()).clear();
                return question;
            }
        }
        throw new JalignException(
                JalignException.Kind.USAGE,
                "conversation",
                "there must be a question to take back",
                "none",
                "a question before",
                "ask one");
    }

    private static String shortened(Map<String, @Nullable Object> question) {
        String text = String.valueOf(question.get("content")).replace('\n', ' ');
        return text.length() <= 60 ? text : text.substring(0, 59) + "…";
    }

    private void save(String name) {
        Path file = path(name);
        if (Files.exists(file) && !own.contains(file)) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    name,
                    "a conversation goes to a file of its own",
                    "a file that is there already",
                    "a name that is free, or that this conversation was saved under",
                    "choose another name");
        }
        ChatFile.write(file, messages);
        own.add(file);
        say(streams.err(), "saved " + messages.size() + " messages: " + name);
    }

    private static Path path(String name) {
        if (!name.isEmpty()) {
            try {
                return Path.of(name).toAbsolutePath().normalize();
            } catch (InvalidPathException e) {
                throw unusable(name, e);
            }
        }
        throw unusable("no name", null);
    }

    private static JalignException unusable(String found, @Nullable Exception cause) {
        return new JalignException(
                JalignException.Kind.USAGE,
                "/save",
                "it needs the name of a file",
                found,
                "/save FILE",
                "add the name",
                cause);
    }

    private void ask(Map<String, @Nullable Object> question) {
        messages.add(question);
        boolean answered = false;
        try {
            answered = answer();
        } finally {
            if (!answered) {
                messages.removeLast();
            }
        }
    }

    /** @return whether anything was said; it then stands in the conversation */
    private boolean answer() {
        int[] prompt = prompting.conversation(messages);
        int room = session.capacity() - prompt.length;
        if (room < 1) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "conversation",
                    "it must leave room for an answer",
                    prompt.length + " tokens",
                    "at most " + (session.capacity() - 1),
                    "say less, /undo or /reset; --max_length makes room for more");
        }
        SamplingOptions most = generation.options();
        SamplingOptions options =
                most.withMaxNewTokens(Math.min(room, most.maxNewTokens())).withSeed(most.seed() + answers++);
        stop = false;
        answering = true;
        long began = System.nanoTime();
        Reply reply;
        Follower follower = new Follower();
        try {
            reply = generation.with(options).run(session, prompting.tokenizer(), prompt, follower);
        } finally {
            answering = false;
        }
        say(streams.out(), "");
        note(reply, prompt.length, room, began, follower.firstToken);
        if (reply.tokens() == 0 && reply.finish() == Finish.CANCELLED) {
            return false;
        }
        messages.add(Prompting.message("assistant", reply.text()));
        return true;
    }

    private void note(Reply reply, int prompt, int room, long began, long firstToken) {
        switch (reply.finish()) {
            case STOP -> {}
            case CANCELLED -> say(streams.err(), "(stopped)");
            case LENGTH ->
                say(
                        streams.err(),
                        reply.tokens() == room
                                ? "(no room for more: /undo, /reset, or a larger --max_length)"
                                : "(cut after " + reply.tokens() + " tokens; --max_new_tokens allows more)");
        }
        if (timings && reply.tokens() > 0) {
            String first = String.format(
                    Locale.ROOT,
                    "(%,d of %,d prompt tokens from the cache, first token after %.2f s",
                    reply.cachedTokens(),
                    prompt,
                    (firstToken - began) / 1e9);
            double rate = (reply.tokens() - 1) * 1e9 / (System.nanoTime() - firstToken);
            say(
                    streams.err(),
                    first + (reply.tokens() == 1 ? ")" : String.format(Locale.ROOT, ", then %,.1f tokens/s)", rate)));
        }
    }

    /** Shows an answer as it grows. */
    private final class Follower implements TextGeneration.Listener {
        long firstToken;

        @Override
        public boolean next(String part) {
            if (firstToken == 0) {
                firstToken = System.nanoTime();
            }
            streams.out().print(part);
            streams.out().flush();
            return !stop;
        }

        @Override
        public boolean reading(int done, int all) {
            return !stop;
        }
    }

    private void prompt(String prompt) {
        if (streams.terminal()) {
            streams.out().print(prompt);
            streams.out().flush();
        }
    }

    private static void say(PrintWriter to, String line) {
        to.println(line);
        to.flush();
    }
}
