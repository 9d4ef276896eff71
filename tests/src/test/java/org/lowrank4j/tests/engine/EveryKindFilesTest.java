package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.command.Commands;
import org.nd4j.linalg.dataset.DataSet;

/** What a training of a layer of each kind leaves behind goes through every verb that reads or writes adapters. */
class EveryKindFilesTest {

    private static final Map<String, String> RULE =
            Map.of("rank", "1", "layers", KindSample.KEY, "train", "none", "bias", "none");

    @TempDir
    Path folder;

    static Stream<KindSample> kinds() {
        return KindSample.all();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyVerb(KindSample kind) throws IOException {
        DataSet data = kind.data();
        Path base = save(kind.network(), "base.zip");
        ComputationGraph trained = Rules.during(RULE, () -> load(base));
        for (int i = 0; i < 3; i++) {
            trained.fit(data);
        }
        Path tuned = save(trained, "tuned.zip");
        Set<String> keys = KindSample.matrices(trained);

        Path extracted = folder.resolve("extracted");
        fine("extract", base, tuned, "--rank", 1, "-o", extracted);
        Path converted = folder.resolve("converted");
        fine("convert", tuned, "--base", base, "-o", converted);
        for (Path adapter : List.of(extracted, converted)) {
            fine("verify", adapter, "--base", base);
            String shown = fine("inspect", adapter, "--base", base);
            keys.forEach(key -> assertTrue(shown.lines().anyMatch(line -> line.startsWith("  " + key + " ")), shown));
            Path merged = folder.resolve("merged-" + adapter.getFileName() + ".zip");
            fine("merge", base, adapter, "-o", merged);
            Nets.assertClose(trained.params(), load(merged).params(), 1e-12, "the merged model");
        }

        Path again = folder.resolve("again.zip");
        fine("convert", converted, "--base", base, "-o", again);
        fine("verify", again);
        Nets.assertClose(trained.params(), load(again).params(), 1e-12, "the converted model");
        Path back = folder.resolve("back");
        fine("convert", again, "--base", base, "-o", back);
        Adapter there = PeftDirectory.read(converted);
        Adapter andBack = PeftDirectory.read(back);
        assertEquals(keys, there.layers().keySet());
        assertEquals(keys, andBack.layers().keySet());
        there.layers().forEach((key, layer) -> {
            Nets.assertSame(layer.a(), andBack.layer(key).a(), "A of " + key);
            Nets.assertSame(layer.b(), andBack.layer(key).b(), "B of " + key);
            assertEquals(layer.form(), andBack.layer(key).form());
        });
    }

    /** Runs a command line that is to find nothing wrong. */
    private static String fine(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Commands.run(
                Arrays.stream(arguments).map(Object::toString).toArray(String[]::new),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                "test",
                url -> {},
                stream -> true);
        assertEquals(0, status, () -> Arrays.toString(arguments) + "\n" + err + out);
        return out.toString(StandardCharsets.UTF_8);
    }

    private Path save(ComputationGraph network, String name) throws IOException {
        Path file = folder.resolve(name);
        network.save(file.toFile());
        return file;
    }

    private static ComputationGraph load(Path file) {
        try {
            return ModelSerializer.restoreComputationGraph(file.toFile());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
