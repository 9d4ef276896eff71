package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;

class YamlReaderTest {

    @TempDir
    Path folder;

    @Test
    void keepsOrderAndLines() {
        YamlNode.Entries root = (YamlNode.Entries) read("# comment\nb: 1\na:\n  - x\n  - y\n");
        assertEquals(
                List.of("b", "a"),
                root.entries().stream().map(YamlNode.Entry::key).toList());
        assertEquals(2, root.entries().get(0).line());
        YamlNode.Items items = (YamlNode.Items) root.entries().get(1).value();
        assertEquals(new YamlNode.Scalar("y", 5), items.items().get(1));
    }

    @Test
    void leavesScalarsAsTheyAreWritten() {
        YamlNode.Entries root = (YamlNode.Entries) read("a: no\nb: 010\nc: 1e3\nd: 'x'\n");
        assertEquals(
                List.of("no", "010", "1e3", "x"),
                root.entries().stream()
                        .map(entry -> ((YamlNode.Scalar) entry.value()).text())
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# only a comment\n", "---\n", "---\n...\n"})
    void nothingIsNothing(String text) {
        assertEquals(Optional.empty(), YamlReader.readText("rules.yaml", text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "rank: 1\\nrank: 2           | rules.yaml line 2 | already set on line 1",
                "a: &x 1\\nb: *x             | rules.yaml line 1 | aliases and anchors",
                "a: *x                       | rules.yaml line 1 | aliases and anchors",
                "a: !!javax.script.ScriptEngineManager [x] | rules.yaml line 1 | tags",
                "a: !own x                   | rules.yaml line 1 | tags",
                "!!map {a: 1}                | rules.yaml line 1 | tags",
                "a: 1\\n---\\nb: 2           | rules.yaml line 2 | one YAML document",
                "a: 1\\n  b: 2               | rules.yaml line 2 | not valid YAML",
                "a: [1, 2                    | rules.yaml line 1 | not valid YAML",
                "? [a, b]\\n: 1              | rules.yaml line 1 | a key must be plain text",
                "a: \\t- b                   | rules.yaml line 1 | not valid YAML",
            })
    void refusesWithFileLineAndReason(String text, String where, String reason) {
        String yaml = text.replace("\\n", "\n").replace("\\t", "\t");
        String message = assertThrows(LowRankException.class, () -> read(yaml)).getMessage();
        assertTrue(message.startsWith(where), message);
        assertTrue(message.contains(reason), message);
    }

    @Test
    void aBillionLaughsIsRefusedAtOnce() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for (int i = 1; i < 10; i++) {
            String alias = "*a" + (i - 1);
            bomb.append(
                    "a" + i + ": &a" + i + " [" + String.join(", ", java.util.Collections.nCopies(9, alias)) + "]\n");
        }
        String message = assertTimeoutPreemptively(
                Duration.ofSeconds(5),
                () -> assertThrows(LowRankException.class, () -> read(bomb.toString()))
                        .getMessage());
        assertTrue(message.contains("aliases and anchors"), message);
    }

    @ParameterizedTest
    @CsvSource({"[, 50000", "'{a: ', 50000", "'- ', 2000", "'? ', 2000"})
    void deepNestingIsRefusedWithoutStackOverflow(String opening, int times) {
        String message = assertTimeoutPreemptively(
                Duration.ofSeconds(10),
                () -> assertThrows(LowRankException.class, () -> read(opening.repeat(times)))
                        .getMessage());
        assertTrue(message.startsWith("rules.yaml"), message);
    }

    @Test
    void nestingUpToTheLimitIsRead() {
        String allowed = "[".repeat(YamlReader.MAX_DEPTH) + "]".repeat(YamlReader.MAX_DEPTH);
        assertEquals(1, read(allowed).line());
        String message = assertThrows(LowRankException.class, () -> read("[[" + allowed + "]]"))
                .getMessage();
        assertTrue(message.contains("nested more than " + YamlReader.MAX_DEPTH), message);
    }

    @Test
    void aHugeFileIsRefusedUnread() throws IOException {
        Path file = Files.write(folder.resolve("huge.yaml"), new byte[YamlReader.MAX_BYTES + 1]);
        assertTrue(refusal(file).contains("larger than " + YamlReader.MAX_BYTES + " bytes"), refusal(file));
    }

    @Test
    void binaryIsRefused() throws IOException {
        Path file = Files.write(folder.resolve("model.bin"), new byte[] {'a', ':', ' ', (byte) 0xff, (byte) 0xfe});
        assertTrue(refusal(file).contains("not UTF-8"), refusal(file));
        Path control = Files.write(folder.resolve("control.yaml"), new byte[] {'a', ':', ' ', 0, 1});
        assertTrue(refusal(control).contains("not valid YAML"), refusal(control));
    }

    @Test
    void aMissingFileOrAFolderIsRefused() {
        String missing = refusal(folder.resolve("missing.yaml"));
        assertTrue(missing.contains("missing.yaml' (agent argument config) does not exist"), missing);
        assertFalse(missing.contains("working directory"), missing);
        String relative = refusal(Path.of("missing.yaml"));
        assertTrue(relative.contains("working directory " + Path.of("").toAbsolutePath()), relative);
        assertTrue(refusal(folder).contains("cannot be read"), refusal(folder));
    }

    private static String refusal(Path file) {
        return assertThrows(LowRankException.class, () -> YamlReader.readFile(file.toString(), "agent argument config"))
                .getMessage();
    }

    private static YamlNode read(String text) {
        return YamlReader.readText("rules.yaml", text).orElseThrow();
    }
}
