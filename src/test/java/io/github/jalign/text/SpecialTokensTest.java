package io.github.jalign.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.json.Json;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What transformers 5.23.0 gives as special_tokens_map, for a tokenizer_config.json and a special_tokens_map.json. */
final class SpecialTokensTest {

    private static SpecialTokens read(String config, String legacy) {
        return SpecialTokens.of(
                Path.of("config"), Json.parseObject("config", config), Path.of("map"), Json.parseObject("map", legacy));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'eos_token':'a','extra_special_tokens':{'image_token':'b'}} | {} | {'eos_token':'a','image_token':'b'}",
                "{'eos_token':'a','extra_special_tokens':{'foo':'b'}} | {} | {'eos_token':'a','foo':'b'}",
                "{'eos_token':'a','additional_special_tokens':{'foo':'b'}} | {} | {'eos_token':'a','foo':'b'}",
                "{'eos_token':'a','extra_special_tokens':['b']} | {} | {'eos_token':'a'}",
                "{'eos_token':'a','video_token':'c','add_bos_token':true} | {} | {'eos_token':'a','video_token':'c'}",
                "{'eos_token':{'__type':'AddedToken','content':'c'},'v_token':{'__type':'AddedToken','content':'d'}}"
                        + " | {} | {'eos_token':'c','v_token':'d'}",
                "{'eos_token':'a','pad_token':'b'} | {'eos_token':null,'pad_token':{'content':'c'},'v_token':'d'}"
                        + " | {'pad_token':'c','v_token':'d'}",
                "{'eos_token':'a','added_tokens_decoder':{}} | {'eos_token':'b','pad_token':'c'} | {'eos_token':'a'}",
                "{'video_token':'a'} | {'video_token':'b'} | {'video_token':'a'}",
            })
    void namesAreThoseOfTransformers(String config, String legacy, String expected) {
        assertEquals(
                Json.parse("expected", expected.replace('\'', '"')),
                read(config.replace('\'', '"'), legacy.replace('\'', '"')).byName());
    }

    @Test
    void aListOfExtraTokensGoesBeforeItsFormerName() {
        String both = "{\"additional_special_tokens\": [\"a\"], \"extra_special_tokens\": [\"b\"]}";
        assertEquals(Set.of("b"), read(both, "{}").others());
        String empty = "{\"additional_special_tokens\": [\"a\"], \"extra_special_tokens\": {}}";
        assertEquals(Set.of("a"), read(empty, "{}").others());
        assertEquals(Set.of("b", "e"), read("{\"eos_token\": \"e\"}", "{\"additional_special_tokens\": [\"b\"]}").all());
    }
}
