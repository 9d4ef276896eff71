package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.tests.engine.ExamplePrograms.Program;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a program does under {@code rank=4} and nothing else, as its report or its one line says.
 *
 * @param parameters of the network
 * @param does how many layers it adapts, trains in full and freezes, and what share it trains; or why it trains as stock
 */
record RankAlone(long parameters, String does) {

    private static final Pattern ALIKE = Pattern.compile("and ?(\\d+) ?more$");
    private static final Pattern SHARE = Pattern.compile("trainable%: ([\\d.]+)");
    private static final String STOCK = "trains as stock: ";

    @LowRank(rank = 4)
    private static Model ruled(Supplier<Model> making) {
        return making.get();
    }

    /** Trains the network as the program makes it; random, where the program only initialises it. */
    static RankAlone made(Program program, int steps) {
        return trained(program.network(), program, steps);
    }

    /** Trains the network as a file has it, in which no layer is as it was drawn. */
    static RankAlone restored(Program program, int steps, Path directory) throws IOException {
        File file = directory.resolve("network.zip").toFile();
        Model network = program.network().get();
        network.params().addi(1e-3);
        ModelSerializer.writeModel(network, file, false);
        boolean graph = network instanceof ComputationGraph;
        try {
            return trained(() -> read(file, graph), program, steps);
        } finally {
            Files.delete(file.toPath());
        }
    }

    private static Model read(File file, boolean graph) {
        try {
            return graph
                    ? ModelSerializer.restoreComputationGraph(file)
                    : ModelSerializer.restoreMultiLayerNetwork(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static RankAlone trained(Supplier<Model> making, Program program, int steps) {
        long[] parameters = new long[1];
        List<String> said = CapturedErrors.of(() -> {
            Model network = ruled(making);
            INDArray before = network.params().dup();
            ExamplePrograms.train(network, program.data().get(), steps);
            Nets.assertMoved(before, network.params(), "the network");
            assertTrue(Double.isFinite(network.score()), () -> "the loss is " + network.score());
            parameters[0] = network.numParams();
        });
        List<String> plans = CapturedErrors.containing(said, "trainable params");
        List<String> reasons = CapturedErrors.containing(said, STOCK);
        assertEquals(1, plans.size() + reasons.size(), said::toString);
        return new RankAlone(parameters[0], reasons.isEmpty() ? plan(said, plans.get(0)) : stock(reasons.get(0)));
    }

    private static String stock(String reason) {
        return "as stock: " + reason.substring(reason.indexOf(STOCK) + STOCK.length());
    }

    private static String plan(List<String> report, String totals) {
        Map<String, Integer> layers = roles(report);
        Matcher share = SHARE.matcher(totals);
        assertTrue(share.find() && layers.containsKey("target"), report::toString);
        return layers.get("target") + " adapted, " + layers.getOrDefault("train", 0) + " in full, "
                + layers.getOrDefault("frozen", 0) + " frozen; " + share.group(1) + " %";
    }

    /** How many layers have which role in the table of a report, in which a long name goes on in the next line. */
    private static Map<String, Integer> roles(List<String> report) {
        int header = IntStream.range(0, report.size())
                .filter(i -> report.get(i).matches(" *#  layer .*"))
                .findFirst()
                .orElseThrow();
        int layer = report.get(header).indexOf("layer");
        int type = report.get(header).indexOf("type");
        int role = report.get(header).indexOf("role");
        Map<String, Integer> roles = new HashMap<>();
        for (int i = header + 1; cell(report.get(i), 0, layer).matches("\\d+"); ) {
            String roleOfRow = cell(report.get(i), role, Integer.MAX_VALUE).split("[ +]", 2)[0];
            StringBuilder name = new StringBuilder();
            do {
                name.append(cell(report.get(i++), layer, type));
            } while (cell(report.get(i), 0, layer).isEmpty());
            Matcher alike = ALIKE.matcher(name);
            roles.merge(roleOfRow, alike.find() ? 1 + Integer.parseInt(alike.group(1)) : 1, Integer::sum);
        }
        return roles;
    }

    private static String cell(String line, int from, int to) {
        return line.substring(Math.min(from, line.length()), Math.min(to, line.length()))
                .strip();
    }
}
