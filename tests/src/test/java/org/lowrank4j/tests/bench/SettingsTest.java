package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {

    @TempDir
    private Path folder;

    @Test
    void emptyPropertiesMeanDefaults() throws IOException {
        // Maven passes properties that were not given as empty text.
        Settings settings = Settings.of(properties("bench", "", "bench.batches", ""), Map.<String, String>of()::get);
        assertEquals(Settings.PARTS, settings.parts());
        assertEquals(List.of(32, 256, 8), settings.batches());
        assertEquals(List.of(8, 4, 64), settings.ranks());
        assertEquals(List.of("iterator", "dataset"), settings.fits());
        assertEquals(Path.of("target/bench/site"), settings.site());
        assertEquals(Optional.empty(), settings.torch());
    }

    @Test
    void readsWhatIsGiven() throws IOException {
        Path script = Files.createFile(folder.resolve("peer.py"));
        Settings settings = Settings.of(
                properties("bench", "step, idle", "bench.widths", "64,128", "bench.slice", "0.5"),
                Map.of("BENCH_TORCH", script.toString())::get);
        assertEquals(List.of("step", "idle"), settings.parts());
        assertEquals(List.of(64, 128), settings.widths());
        assertEquals(0.5, settings.sliceSeconds());
        assertEquals(Optional.of(script), settings.torch());
    }

    @Test
    void theSizeChangesDefaultsOnly() throws IOException {
        Settings quick =
                Settings.of(properties("bench.size", "quick", "bench.ranks", "8,64"), Map.<String, String>of()::get);
        assertEquals(List.of(1024), quick.widths());
        assertEquals(List.of("adam"), quick.updaters());
        assertEquals(List.of(8, 64), quick.ranks());
        assertEquals(3, quick.rounds());
        Settings full = Settings.of(properties("bench.size", "full"), Map.<String, String>of()::get);
        assertTrue(full.combineAll());
        assertEquals(7, full.rounds());
    }

    @Test
    void wrongValuesAreExplained() throws IOException {
        assertEquals(
                "bench: 'speed' is not one of step, growth, soak, products, memory, methods, startup, idle, decomposition.",
                complaint("bench", "speed"));
        assertEquals("bench.size: 'huge' is not one of usual, quick, full.", complaint("bench.size", "huge"));
        assertEquals("bench.size: one of usual, quick, full, not several.", complaint("bench.size", "quick,full"));
        assertEquals("bench.updaters: 'adamw' is not one of adam, sgd.", complaint("bench.updaters", "adamw"));
        assertEquals("bench.widths: '12x' is not a whole number from 1.", complaint("bench.widths", "12x"));
        assertEquals("bench.rounds: '0' is not a whole number from 1.", complaint("bench.rounds", "0"));
        assertEquals("bench.slice: 0 seconds; it must be more than 0.", complaint("bench.slice", "0"));
        assertEquals("bench.slice: 'soon' is not a number of seconds.", complaint("bench.slice", "soon"));
        assertTrue(complaint("bench.torch", "gone.py").startsWith("bench.torch: there is no file "));
    }

    @Test
    void theAgentMustBeThere() {
        IllegalArgumentException missing = assertThrows(
                IllegalArgumentException.class, () -> Settings.of(new Properties(), Map.<String, String>of()::get));
        assertTrue(missing.getMessage().startsWith("bench.agent is not set"), missing::getMessage);
    }

    private String complaint(String name, String value) throws IOException {
        Properties properties = properties(name, value);
        return assertThrows(
                        IllegalArgumentException.class, () -> Settings.of(properties, Map.<String, String>of()::get))
                .getMessage();
    }

    private Properties properties(String... namesAndValues) throws IOException {
        Properties properties = new Properties();
        Path agent = folder.resolve("agent.jar");
        if (!Files.exists(agent)) {
            Files.createFile(agent);
        }
        properties.setProperty("bench.agent", agent.toString());
        for (int i = 0; i < namesAndValues.length; i += 2) {
            properties.setProperty(namesAndValues[i], namesAndValues[i + 1]);
        }
        return properties;
    }
}
