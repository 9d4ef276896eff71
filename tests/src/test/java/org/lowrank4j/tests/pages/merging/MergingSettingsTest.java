package org.lowrank4j.tests.pages.merging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.pages.Arguments;

class MergingSettingsTest {

    @TempDir
    Path directory;

    private Path published;

    @BeforeEach
    void nameTheSite() throws IOException {
        published = directory.resolve("src/site");
        System.setProperty("pages.site", published.toString());
        Files.writeString(directory.resolve("agent.jar"), "");
    }

    @AfterEach
    void forgetTheSite() {
        System.clearProperty("pages.site");
    }

    private MergingSettings settings(String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of(options));
        all.add("--out=" + directory.resolve("out"));
        all.add("--agent=" + directory.resolve("agent.jar"));
        return MergingSettings.of(MergingSettings.options().parse(all.toArray(String[]::new)));
    }

    @Test
    void onlyTheWholeRunOnMnistIsPublished() throws IOException {
        Path aside = directory.resolve("out/site");
        assertEquals(published, settings("--data=mnist").site());
        assertEquals(aside, settings("--data=drawn").site());
        assertEquals(aside, settings("--data=mnist", "--quick").site());
        assertEquals(aside, settings("--data=mnist", "--rank=16").site());
        assertEquals(aside, settings("--data=mnist", "--angles=10,20").site());
        assertEquals(aside, settings("--data=mnist", "--steps=100").site());
        Path named = directory.resolve("named");
        assertEquals(named, settings("--data=drawn", "--site=" + named).site());
        System.clearProperty("pages.site");
        assertEquals(aside, settings("--data=mnist").site());
    }

    @Test
    void quickIsSmallUnlessSaidOtherwise() throws IOException {
        MergingSettings quick = settings("--quick");
        assertTrue(quick.drawn());
        assertEquals(3, quick.tasks().size());
        assertTrue(quick.validation() < TrainAdapters.VALIDATION_DIGITS);
        assertEquals("rank=4,alpha=4,train=none", quick.rule());
        MergingSettings more = settings("--quick", "--rank=6", "--steps=90", "--angles=1, -2,3,4");
        assertEquals(6, more.rank());
        assertEquals(90, more.steps());
        assertEquals(List.of(new Rotation(1), new Rotation(-2), new Rotation(3), new Rotation(4)), more.tasks());
        MergingSettings whole = settings("--data=mnist");
        assertEquals(8, whole.tasks().size());
        assertEquals(TrainAdapters.VALIDATION_DIGITS, whole.validation());
        assertEquals(Integer.MAX_VALUE, whole.test());
    }

    @Test
    void wrongAnglesAreExplained() {
        for (String wrong : List.of("10", "10,x", "10,10", "")) {
            String message = assertThrows(Arguments.UsageException.class, () -> MergingSettings.angles(wrong))
                    .getMessage();
            assertTrue(message.startsWith("--angles " + wrong), message);
        }
    }

    @Test
    void aMissingAgentIsNamed() {
        Path absent = directory.resolve("absent.jar");
        IOException failure = assertThrows(
                IOException.class,
                () -> MergingSettings.of(MergingSettings.options().parse("--quick", "--agent=" + absent)));
        assertTrue(failure.getMessage().contains(absent.toString()), failure.getMessage());
    }
}
