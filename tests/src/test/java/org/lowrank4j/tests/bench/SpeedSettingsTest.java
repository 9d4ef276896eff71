package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

class SpeedSettingsTest {

    @TempDir
    private Path folder;

    @Command(name = "speed")
    private static final class Host {
        @Mixin
        private SpeedSettings settings;
    }

    /** What these arguments mean. */
    static SpeedSettings settings(String... arguments) {
        Host host = new Host();
        new CommandLine(host).parseArgs(arguments);
        return host.settings;
    }

    @Test
    void nothingSaidMeansDefaults() {
        SpeedSettings settings = settings("--out=" + folder);
        assertEquals(SpeedSettings.PARTS, settings.parts());
        assertEquals(List.of(32, 256, 8), settings.batches());
        assertEquals(List.of(8, 4, 64), settings.ranks());
        assertEquals(List.of("iterator", "dataset"), settings.fits());
        assertEquals(folder.resolve("speed/site"), settings.site());
    }

    @Test
    void readsWhatIsGiven() throws IOException {
        Path engine = Files.createFile(folder.resolve("dnnl.jar"));
        SpeedSettings settings =
                settings("--parts=step,idle", "--widths", "64,128", "--slice=0.25", "--onednn=" + engine);
        assertEquals(List.of("step", "idle"), settings.parts());
        assertEquals(List.of(64, 128), settings.widths());
        assertEquals(0.25, settings.sliceSeconds());
        assertEquals(engine.toString(), settings.oneDnn());
        assertEquals(List.of(64, 128), settings.given().widths());
        assertEquals(List.of(), settings.given().batches());
    }

    @Test
    void theSizeChangesDefaultsOnly() {
        SpeedSettings quick = settings("--quick", "--ranks=8,64");
        assertEquals(List.of(1024), quick.widths());
        assertEquals(List.of("adam"), quick.updaters());
        assertEquals(List.of(8, 64), quick.ranks());
        assertEquals(3, quick.rounds());
        assertTrue(settings("--full").combineAll());
        assertEquals(7, settings("--full").rounds());
    }

    @Test
    void wrongValuesAreExplained() {
        assertEquals(
                "--parts: 'speed' is not one of step, growth, soak, products, memory, startup, idle, decomposition.",
                complaint("--parts=speed"));
        assertEquals("--updaters: 'adamw' is not one of adam, sgd.", complaint("--updaters=adamw"));
        assertEquals("--rounds: 0 is not a whole number from 1.", complaint("--rounds=0"));
        assertEquals("--slice 0.0: it must be more than 0 seconds.", complaint("--slice=0"));
        assertTrue(complaint("--widths=12x").contains("12x"));
        assertTrue(complaint("--onednn=gone.jar").startsWith("--onednn: there is no file "));
        assertTrue(complaint("--agent=gone.jar").startsWith("--agent: there is no file "));
    }

    private String complaint(String argument) {
        return assertThrows(ParameterException.class, () -> settings(argument).all())
                .getMessage();
    }
}
