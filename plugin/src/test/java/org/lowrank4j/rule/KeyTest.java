package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;

class KeyTest {

    @ParameterizedTest
    @CsvSource({
        "RANK, 0, at least 1",
        "RANK, -3, at least 1",
        "RANK, eight, a whole number from 1",
        "RANK, 8.5, a whole number from 1",
        "RANK, '', a whole number from 1",
        "RANK, 99999999999, a whole number from 1",
        "ALPHA, 0, finite number above 0",
        "ALPHA, -1, finite number above 0",
        "ALPHA, NaN, finite number above 0",
        "ALPHA, Infinity, finite number above 0",
        "ALPHA, big, a number above 0",
        "LORAPLUS, 0.5, from 1 (off) on",
        "LORAPLUS, NaN, from 1 (off) on",
        "LORAPLUS, Infinity, from 1 (off) on",
        "LORAPLUS, x, a number from 1 on",
        "SCALING, sqrt, 'one of standard, rslora'",
        "BIAS, lora, 'one of none, all, lora-only'",
        "SEED, 1.5, whole number of 64 bits",
        "ID, ../../x, starts with a letter or digit",
        "ID, a b, 'letters, digits'",
        "ID, '', 1 to 100",
        "ENABLED, yes, true or false",
        "INIT, '', must name a method",
        "LOSS, '', must name a method",
        "LAYERS, dense[, no valid regular expression",
        "TRAIN, '', empty",
    })
    void refusesAndTeaches(Key key, String text, String reason) {
        Sourced value = new Sourced(text, "annotation on class a.b.C");
        LowRankException refused = assertThrows(LowRankException.class, () -> key.canonical(value));
        String message = refused.getMessage();
        assertTrue(message.startsWith(key.spelling() + " '" + text + "' (annotation on class a.b.C)"), message);
        assertTrue(message.contains(reason), message);
    }

    @ParameterizedTest
    @CsvSource({
        "RANK, ' 08 ', 8",
        "ALPHA, 8, 8.0",
        "ALPHA, 1e1, 10.0",
        "SCALING, rsLoRA, RSLORA",
        "BIAS, lora_only, LORA_ONLY",
        "BIAS, lora-only, LORA_ONLY",
        "LORAPLUS, 16, 16.0",
        "SEED, -5, -5",
        "LAYERS, a : b, 'a,b'",
        "ENABLED, false, false",
    })
    void bringsEqualValuesIntoOneForm(Key key, String text, String canonical) {
        assertEquals(canonical, key.canonical(new Sourced(text, "test")));
    }

    /** So the guide's table of keys, which is written from the annotation, has all of them. */
    @ParameterizedTest
    @CsvSource({"org.lowrank4j.annotation.LowRank, false", "org.lowrank4j.annotation.LowRank$Layer, true"})
    void everyKeyIsAMemberOfTheAnnotation(Class<?> annotation, boolean perLayer) {
        Set<String> members = Arrays.stream(annotation.getDeclaredMethods())
                .map(Method::getName)
                .filter(name -> !name.equals("options") && !(perLayer && name.equals("layers")))
                .collect(Collectors.toSet());
        assertEquals(members, Set.copyOf(Key.spellings(perLayer)));
    }
}
