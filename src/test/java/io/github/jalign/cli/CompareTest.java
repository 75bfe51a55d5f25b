package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.data.Prompt;
import io.github.jalign.data.RowId;
import io.github.jalign.generate.Finish;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.Reply;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.json.Json;
import io.github.jalign.ops.Backend;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts of files answered and compared, against the same questions asked one by one. */
final class CompareTest {
    private static final Path MODEL = Path.of("models", "quickstart");
    private static final List<String> QUESTIONS =
            List.of("What is the capital of Norway?", "When does a fern need water?", "Who wrote Hamlet?");

    private static final Comparison COMPARISON = new Comparison(
            "sft",
            "dpo",
            new SamplingOptions(40, 0.7, 50, 0.9, 0, 1.1, 42),
            List.of(
                    new Prompt.Text(new RowId("f", 1), Map.of(), "Name three colours.\nBe brief."),
                    new Prompt.Chat(
                            new RowId("f", 2),
                            Map.of(),
                            List.of(
                                    Prompting.message("system", "Be kind."),
                                    Prompting.message("user", "Hello!")),
                            Map.of())),
            List.of(
                    new Reply(" Red, green and also a very dark kind of blue.\n", 12, Finish.STOP, 0),
                    new Reply("Hi.", 1, Finish.LENGTH, 0)),
            List.of(new Reply("Red\n\n> blue", 4, Finish.STOP, 0), new Reply("Hi.", 2, Finish.STOP, 0)));

    @TempDir
    Path folder;

    private static String run(String... words) {
        Run run = Run.of((Object[]) words);
        assertEquals(0, run.exitCode(), run.err());
        return run.out();
    }

    /** Each question alone, with the seed of its place. */
    private static List<String> answers(double temperature, int tokens) {
        List<String> answers = new ArrayList<>();
        try (Prompting prompting = new Prompting(MODEL, new PromptFlags());
                Generator generator = new Generator(MODEL, Backend.CPU, 1, 100)) {
            for (String question : QUESTIONS) {
                SamplingOptions options = new SamplingOptions(tokens, temperature, 50, 1, 0, 1, 7 + answers.size());
                int[] ids = generator.generate(
                        prompting.question(question), options, generator.defaults().stopIds(), id -> true);
                answers.add(prompting.tokenizer().decode(ids, true));
            }
        }
        return answers;
    }

    @Test
    void aFileIsAnsweredLineByLine() throws Exception {
        Path prompts = Files.write(folder.resolve("prompts.txt"), QUESTIONS);
        String[] words = {
            "generate", MODEL.toString(), "--prompts=" + prompts, "--temperature=1.2", "--seed=7", "--max_new_tokens=20",
            "--device=cpu", "--threads=1"
        };
        String out = run(words);
        List<Map<String, Object>> rows =
                out.lines().map(line -> Json.parseObject("line", line)).toList();
        assertEquals(QUESTIONS, rows.stream().map(row -> row.get("prompt")).toList());
        assertEquals(answers(1.2, 20), rows.stream().map(row -> row.get("completion")).toList());

        Path output = folder.resolve("answers.jsonl");
        String[] toFile = Arrays.copyOf(words, words.length + 1);
        toFile[words.length] = "--output=" + output;
        assertEquals("", run(toFile));
        assertEquals(out, Files.readString(output));
    }

    @Test
    void rowsKeepTheirColumns() throws Exception {
        Path prompts = Files.writeString(
                folder.resolve("rows.jsonl"),
                "{\"id\": 3, \"prompt\": [{\"role\": \"user\", \"content\": \"" + QUESTIONS.getFirst() + "\"}]}\n");
        Map<String, Object> row = Json.parseObject(
                "line",
                run(
                        "generate", MODEL.toString(), "--prompts=" + prompts, "--temperature=1.2", "--seed=7",
                        "--max_new_tokens=3", "--device=cpu"));
        assertEquals(
                List.of("id", "prompt", "completion", "finish_reason", "prompt_tokens", "completion_tokens"),
                List.copyOf(row.keySet()));
        assertEquals(3L, row.get("id"));
        assertEquals(
                List.of(Map.of("role", "assistant", "content", answers(1.2, 3).getFirst())), row.get("completion"));
        assertEquals("length", row.get("finish_reason"));
        assertEquals(15L, row.get("prompt_tokens"));
        assertEquals(3L, row.get("completion_tokens"));
    }

    /** A model and itself: equal prompts and random numbers give equal answers. */
    @Test
    void modelsAreAskedTheSame() throws Exception {
        Path output = folder.resolve("comparison.json");
        List<String> words = new ArrayList<>(List.of(
                "compare", MODEL.toString(), MODEL.toString(), "--temperature=1.2", "--seed=7", "--max_new_tokens=20",
                "--device=cpu", "--output=" + output));
        QUESTIONS.forEach(question -> words.addAll(List.of("--prompt", question)));
        String out = run(words.toArray(String[]::new));
        List<?> rows = (List<?>) Json.parseObject("file", Files.readString(output)).get("answers");
        List<String> expected = answers(1.2, 20);
        for (int i = 0; i < QUESTIONS.size(); i++) {
            Map<String, Object> row = Json.asObject((Map<?, ?>) rows.get(i));
            assertEquals(QUESTIONS.get(i), row.get("prompt"));
            assertEquals(7L + i, row.get("seed"));
            assertEquals(expected.get(i), ((Map<?, ?>) row.get("a")).get("text"));
            assertEquals(row.get("a"), row.get("b"));
        }
        assertEquals("3 of 3 answers are the same", out.lines().toList().getLast().split(";")[0]);
    }

    @Test
    void sideBySide() {
        StringWriter out = new StringWriter();
        COMPARISON.print(new PrintWriter(out), 60);
        assertEquals(
                """
                A  sft
                B  dpo
                temperature 0.7, top_k 50, top_p 0.9, repetition_penalty 1.1, seed 42, at most 40 tokens

                1. Name three colours.
                Be brief.
                  A                             B
                  ----------------------------  ----------------------------
                  Red, green and also a very    Red
                  dark kind of blue.
                                                > blue
                  (12 tokens, stop)             (4 tokens, stop)

                2. system: Be kind.
                user: Hello!
                  A                             B
                  ----------------------------  ----------------------------
                  Hi.                           Hi.
                  (1 token, length)             (2 tokens, stop)

                1 of 2 answers are the same; tokens an answer: A 6.5, B 3.0
                """,
                out.toString());
    }

    @Test
    void asMarkdown() {
        assertEquals(
                """
                # Comparison

                - A: sft
                - B: dpo
                - temperature 0.7, top_k 50, top_p 0.9, repetition_penalty 1.1, seed 42, at most 40 tokens

                ## Prompt 1

                > Name three colours.
                > Be brief.

                **A** (12 tokens, stop)

                > Red, green and also a very dark kind of blue.

                **B** (4 tokens, stop)

                > Red
                >
                > > blue

                ## Prompt 2

                > system: Be kind.
                > user: Hello!

                **A** (1 token, length)

                > Hi.

                **B** (2 tokens, stop)

                > Hi.

                1 of 2 answers are the same; tokens an answer: A 6.5, B 3.0
                """,
                COMPARISON.text(Comparison.Form.MARKDOWN));
    }

    @Test
    void asJson() {
        Map<String, Object> json = Json.parseObject("json", COMPARISON.text(Comparison.Form.JSON));
        assertEquals(
                Json.parse(
                        "expected",
                        """
                        {"a": "sft", "b": "dpo",
                         "sampling": {"max_new_tokens": 40, "temperature": 0.7, "top_k": 50, "top_p": 0.9, "min_p": 0.0,
                                      "repetition_penalty": 1.1, "seed": 42},
                         "answers": [
                           {"prompt": "Name three colours.\\nBe brief.", "seed": 42,
                            "a": {"text": " Red, green and also a very dark kind of blue.\\n", "finish_reason": "stop",
                                  "completion_tokens": 12},
                            "b": {"text": "Red\\n\\n> blue", "finish_reason": "stop", "completion_tokens": 4}},
                           {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello!"}],
                            "seed": 43,
                            "a": {"text": "Hi.", "finish_reason": "length", "completion_tokens": 1},
                            "b": {"text": "Hi.", "finish_reason": "stop", "completion_tokens": 2}}]}"""),
                json);
    }
}
