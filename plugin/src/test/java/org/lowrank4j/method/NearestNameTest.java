package org.lowrank4j.method;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {

    @ParameterizedTest
    @CsvSource({
        "rank, rank, 0",
        "rnak, rank, 1",
        "ran, rank, 1",
        "rankk, rank, 1",
        "rang, rank, 1",
        "RANK, rank, 0",
        "kitten, sitting, 3",
        "ca, abc, 3",
        "'', abc, 3",
        "abc, '', 3"
    })
    void countsEdits(String left, String right, int edits) {
        assertEquals(edits, NearestName.distance(left, right));
        assertEquals(edits, NearestName.distance(right, left));
    }

    @Test
    void oneRandomEditIsAtDistanceOneAtMost() {
        Random random = new Random(7);
        for (int trial = 0; trial < 500; trial++) {
            String word = random.ints(2 + random.nextInt(8), 'a', 'z' + 1)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            int at = random.nextInt(word.length() - 1);
            char letter = (char) ('a' + random.nextInt(26));
            String head = word.substring(0, at);
            String tail = word.substring(at + 1);
            for (String edited : List.of(
                    head + tail,
                    head + letter + word.substring(at),
                    head + letter + tail,
                    head + tail.charAt(0) + word.charAt(at) + tail.substring(1))) {
                assertTrue(NearestName.distance(word, edited) <= 1, word + " -> " + edited);
            }
        }
    }

    @Test
    void suggestsOnlyWhatIsNear() {
        List<String> known = List.of("kaiming", "pissa", "lora-ga");
        assertEquals(Optional.of("lora-ga"), NearestName.nearest("lora-gaa", known));
        assertEquals(" Did you mean 'pissa'?", NearestName.suggestion("pisa", known));
        assertEquals("", NearestName.suggestion("somethingelse", known));
    }

    @Test
    void ranksByDistance() {
        assertEquals(List.of("dense1", "dense2"), NearestName.ranked("dense1x", List.of("out", "dense2", "dense1"), 2));
    }
}
