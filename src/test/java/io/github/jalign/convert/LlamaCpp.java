package io.github.jalign.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** llama.cpp, asked through tools/gguf/ask_llama_cpp.py; {@code -Djalign.llama_cpp=PYTHON} names a Python that has it. */
final class LlamaCpp {
    private static final Path SCRIPT = Path.of("tools", "gguf", "ask_llama_cpp.py");

    private final Path model;
    private final List<String> questions = new ArrayList<>();

    LlamaCpp(Path model) {
        this.model = model;
    }

    LlamaCpp encode(String text, boolean around) {
        return ask(Map.of("encode", text, "around", around));
    }

    LlamaCpp logits(int[] ids) {
        return ask(Map.of("logits", ids));
    }

    LlamaCpp greedy(int[] ids, int tokens) {
        return ask(new LinkedHashMap<>(Map.of("greedy", ids, "tokens", tokens)));
    }

    private LlamaCpp ask(Map<String, ?> question) {
        questions.add(Json.write(question));
        return this;
    }

    /** One answer a question; a model that llama.cpp does not load fails the test with what llama.cpp says. */
    List<double[]> answers() throws IOException, InterruptedException {
        String python = System.getProperty("jalign.llama_cpp", "");
        assertTrue(
                !python.isEmpty() && Files.isExecutable(Path.of(python)),
                "-Djalign.llama_cpp must name a Python with llama-cpp-python; " + SCRIPT + " says which: " + python);
        Path in = Files.createTempFile("questions", ".jsonl");
        Path err = Files.createTempFile("llama-cpp", ".log");
        try {
            Files.write(in, questions);
            Process process = new ProcessBuilder(python, SCRIPT.toString(), model.toString())
                    .redirectInput(in.toFile())
                    .redirectError(err.toFile())
                    .start();
            List<double[]> answers = new ArrayList<>();
            try (var lines = process.inputReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    answers.add(numbers(Json.parse("llama.cpp", line)));
                }
            }
            assertEquals(0, process.waitFor(), Files.readString(err));
            assertEquals(questions.size(), answers.size());
            return answers;
        } finally {
            Files.delete(in);
            Files.delete(err);
        }
    }

    private static double[] numbers(@Nullable Object list) {
        return ((List<?>) list).stream().mapToDouble(v -> ((Number) v).doubleValue()).toArray();
    }

    static int[] ids(double[] answer) {
        int[] ids = new int[answer.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) answer[i];
        }
        return ids;
    }
}
