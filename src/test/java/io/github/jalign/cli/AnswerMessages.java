package io.github.jalign.cli;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import picocli.CommandLine;

/** What the commands that answer say when they cannot go on. */
public final class AnswerMessages {
    private static final Path FOLDER = Path.of("target", "answer-messages");
    private static final String MODEL = "models/quickstart";

    private AnswerMessages() {}

    public static List<MessageCase> cases() {
        return List.of(
                usage(
                        "a stop text of nothing",
                        () -> generate("--prompt=x", "--stop="),
                        """
                        --stop: a stop text must have a character
                          found     an empty one
                          expected  a text such as "User:"; in a shell $'\\n' is the end of a line
                          do        correct or leave out --stop"""),
                usage(
                        "a template that is none",
                        () -> generate("--prompt=x", "--chat_template={{ messages"),
                        JalignException.Kind.INPUT,
                        """
                        --chat_template:1:12: the template must be valid Jinja
                          found     'the end of the template'
                          expected  '}}'
                          do        correct the template"""),
                usage(
                        "variables that are no JSON",
                        () -> generate("--prompt=x", "--chat_template_kwargs={enable_thinking: 1}"),
                        """
                        --chat_template_kwargs: the template's variables must be a JSON object
                          found     {enable_thinking: 1}
                          expected  names and values, such as {"enable_thinking": false}
                          do        correct --chat_template_kwargs, and mind the shell's quotes"""),
                usage(
                        "a model without a template",
                        () -> chat(modelWithoutTemplate().toString()),
                        """
                        %s: a conversation needs the model's chat template
                          found     a model without one
                          expected  chat_template.jinja, or chat_template in tokenizer_config.json
                          do        give one with --chat_template, or add --raw to continue the text itself"""
                                .formatted(FOLDER)),
                usage(
                        "no room for two tokens",
                        () -> chat(MODEL, "--max_length=1"),
                        """
                        --max_length: a conversation must have room for a question and an answer
                          found     1
                          expected  a whole number, at least 2
                          do        correct --max_length"""),
                usage(
                        "a conversation that is not there",
                        () -> chat(MODEL, "--messages=" + FOLDER + "/none.json"),
                        JalignException.Kind.IO,
                        """
                        %s/none.json: the conversation must be readable as UTF-8 text
                          found     no such file or folder: %s/none.json
                          expected  a text file that this user may read
                          do        correct the path or the file's permissions"""
                                .formatted(FOLDER, FOLDER)),
                usage(
                        "one prompt and many",
                        () -> generate("--prompt=x", "--prompts=y"),
                        """
                        jalign generate: one prompt is answered as text, a file of prompts as lines of JSON
                          found     --prompt and --prompts
                          expected  --prompt TEXT, or --prompts FILE and perhaps --output FILE
                          do        leave one of them out"""),
                usage(
                        "messages without a template",
                        () -> {
                            Files.createDirectories(FOLDER);
                            Files.writeString(
                                    FOLDER.resolve("raw.jsonl"), "{\"prompt\": [{\"role\": \"user\", \"content\": \"x\"}]}");
                            generate("--raw", "--prompts=" + FOLDER + "/raw.jsonl");
                        },
                        """
                        --raw: messages need the chat template
                          found     %s/raw.jsonl:1 with messages
                          expected  prompts of text
                          do        leave --raw out"""
                                .formatted(FOLDER)),
                usage(
                        "nothing to compare by",
                        () -> call(new Compare(), new String[] {MODEL, MODEL}),
                        """
                        jalign compare: there must be prompts, from one place
                          found     neither --prompt nor --prompts
                          expected  --prompt TEXT, as often as wanted, or --prompts FILE
                          do        add one of them, or leave one out"""),
                usage(
                        "a comparison of no known form",
                        () -> call(new Compare(), new String[] {MODEL, MODEL, "--prompt=x", "--output=c.html"}),
                        """
                        --output: the file's ending says its form
                          found     c.html
                          expected  a name that ends in .md or .json
                          do        correct the ending"""),
                usage(
                        "columns of nothing",
                        () -> call(new Compare(), new String[] {MODEL, MODEL, "--prompt=x", "--width=5"}),
                        """
                        --width: two columns need room
                          found     5
                          expected  at least 40
                          do        widen it"""),
                score(
                        "nothing to score",
                        "there must be something to score",
                        "neither DATA nor --text",
                        "name a file of pairs, or a text",
                        MODEL),
                score(
                        "a key that has another name",
                        "this key has a name of its own here",
                        "--dataset-train-split=test",
                        "write --split",
                        MODEL,
                        "pairs.jsonl",
                        "--dataset-train-split=test"),
                score(
                        "a key without its value",
                        "further words are keys with their values",
                        "--max_length",
                        "write --KEY=VALUE, or leave the word out",
                        MODEL,
                        "pairs.jsonl",
                        "--max_length"),
                score(
                        "keys for a text",
                        "a text needs no keys",
                        "--max_length=3",
                        "leave it out, or name the pairs that it is about",
                        MODEL,
                        "--text=x.txt",
                        "--max_length=3"),
                usage(
                        "a text of one token",
                        () -> {
                            Files.createDirectories(FOLDER);
                            call(new Score(), new String[] {
                                MODEL, "--text=" + Files.writeString(FOLDER.resolve("one.txt"), "a")
                            });
                        },
                        JalignException.Kind.INPUT,
                        """
                        %s/one.txt: a text must have two tokens, of which the second is foreseen
                          found     1 tokens
                          expected  some text
                          do        name another file"""
                                .formatted(FOLDER)),
                file("a conversation without messages", "{\"prompt\": \"x\"}", "no list of messages"),
                file("a message without a role", "{\"messages\": [{\"role\": \"user\"}, {}]}", "message 2 without a role"));
    }

    private static MessageCase usage(String name, Executable action, String message) {
        return usage(name, action, JalignException.Kind.USAGE, message);
    }

    private static MessageCase usage(String name, Executable action, JalignException.Kind kind, String message) {
        return new MessageCase(name, action, kind, message);
    }

    private static MessageCase score(String name, String rule, String found, String action, String... words) {
        return usage(
                name,
                () -> call(new Score(), words),
                """
                jalign score: %s
                  found     %s
                  expected  MODEL DATA with keys of jalign dpo, or MODEL --text=FILE
                  do        %s"""
                        .formatted(rule, found, action));
    }

    private static MessageCase file(String name, String text, String found) {
        return new MessageCase(
                name,
                () -> {
                    Files.createDirectories(FOLDER);
                    chat(MODEL, "--messages=" + Files.writeString(FOLDER.resolve("talk.json"), text));
                },
                JalignException.Kind.INPUT,
                """
                %s/talk.json: a conversation is a list of messages
                  found     %s
                  expected  {"messages": [{"role": text, "content": text}, …]}
                  do        correct the file, or write one with /save"""
                        .formatted(FOLDER, found));
    }

    private static Path modelWithoutTemplate() throws Exception {
        Files.createDirectories(FOLDER);
        try (var files = Files.list(Path.of(MODEL))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.equals("tokenizer_config.json")) {
                    Files.writeString(FOLDER.resolve(name), "{}");
                } else {
                    Files.copy(file, FOLDER.resolve(name), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        return FOLDER;
    }

    private static void generate(String... words) throws Exception {
        call(new Generate(), words, MODEL);
    }

    private static void chat(String... words) throws Exception {
        call(new Chat(), words);
    }

    private static void call(Callable<Integer> command, String[] words, String... more)
            throws Exception {
        new CommandLine(command).parseArgs(Stream.of(words, more)
                .flatMap(Stream::of)
                .toArray(String[]::new));
        command.call();
    }
}
