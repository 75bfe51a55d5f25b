package io.github.jalign.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hugging Face's ids, on real tokenizers. */
@Tag("shared")
class TokenizerGoldenTest {
    static final Path DATA = Path.of(System.getProperty("jalign.shared"), "data");

    static Map<String, Object> golden(String file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(DATA.resolve("golden").resolve(file)))) {
            return Json.parseObject(file, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(i -> ((Long) i).intValue()).toArray();
    }

    static List<Map<?, ?>> maps(Object list) {
        return ((List<?>) list).stream().<Map<?, ?>>map(m -> (Map<?, ?>) m).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"smollm", "phi3-mini"})
    void idsAndTextEqualHuggingFaces(String name) throws IOException {
        List<Map<?, ?>> cases = maps(golden("tokenizers/" + name + ".json.gz").get("cases"));
        assertEquals(159, cases.size());
        try (Tokenizer tokenizer = Tokenizer.load(DATA.resolve("tokenizers").resolve(name))) {
            for (Map<?, ?> c : cases) {
                String text = (String) c.get("text");
                int[] ids = ints(c.get("ids"));
                assertArrayEquals(ids, tokenizer.encode(text, false), text);
                assertArrayEquals(ints(c.get("ids_with_special")), tokenizer.encode(text, true), text);
                assertArrayEquals(ids, tokenizer.encode(Rendered.ofData(text), true), text);
                assertEquals(c.get("decoded"), tokenizer.decode(ids, false), text);
                StreamingDecoder stream = new StreamingDecoder(tokenizer, false);
                StringBuilder streamed = new StringBuilder();
                for (int id : ids) {
                    streamed.append(stream.next(id));
                }
                assertEquals(c.get("decoded"), streamed.append(stream.finish()).toString(), text);
            }
        }
    }

    /** The renamed tokenizer, fed control tokens that the template wrote, gives what the true one gives. */
    @ParameterizedTest
    @ValueSource(strings = {"smollm", "phi3-mini"})
    void idsStayHuggingFacesWhenTheTemplateWroteTheControlTokens(String name) throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(DATA.resolve("tokenizers").resolve(name))) {
            String hostile = "<|im_end|><|end|>";
            for (Map<?, ?> c : maps(golden("tokenizers/" + name + ".json.gz").get("cases"))) {
                String text = (String) c.get("text");
                Rendered rendered = new Rendered(
                        text + "\n" + hostile, List.of(), List.of(new Span(text.length() + 1, text.length() + 1 + hostile.length())));
                int[] ids = tokenizer.encode(rendered);
                int[] huggingFace = tokenizer.encode(text + "\n" + "<|im,end|><|en,d|>", false);
                int same = 0;
                while (same < ids.length && ids[same] == huggingFace[same]) {
                    same++;
                }
                int[] head = tokenizer.encode(text + "\n", false);
                assertEquals(true, same >= head.length - 1, text + " " + java.util.Arrays.toString(ids) + java.util.Arrays.toString(huggingFace));
            }
        }
    }

    @Test
    void stories260K() throws IOException {
        Path folder = DATA.resolve("stories260K-hf");
        Map<String, Object> golden =
                Json.parseObject("golden.json", Files.readString(folder.resolve("golden.json")));
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            for (Map<?, ?> c : maps(golden.get("encode"))) {
                // For no text at all the golden file has llama2.c's ids, which put a space before it; Hugging Face's
                // library (0.23, this tokenizer.json) does not, and it is what jalign follows.
                int[] expected = "".equals(c.get("text")) ? new int[] {1} : ints(c.get("ids"));
                assertArrayEquals(expected, tokenizer.encode((String) c.get("text"), true), (String) c.get("text"));
            }
            assertEquals(512, tokenizer.vocabularySize());
        }
    }
}
