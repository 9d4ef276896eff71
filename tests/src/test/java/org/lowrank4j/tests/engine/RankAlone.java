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
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.tests.engine.ExamplePrograms.Program;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

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
        return trained(program.network(), program, steps, network -> {});
    }

    /**
     * Trains the network as a file has it, in which no layer is as it was drawn and no normalisation was ever trained; then
     * it is saved, DL4J reopens it with the same outputs, and it goes on from the file as it does without.
     */
    static RankAlone restored(Program program, int steps, Path directory) throws IOException {
        File file = directory.resolve("network.zip").toFile();
        Model network = program.network().get();
        network.params().addi(1e-3);
        boolean graph = network instanceof ComputationGraph;
        Layer[] layers = graph ? ((ComputationGraph) network).getLayers() : ((MultiLayerNetwork) network).getLayers();
        for (Layer layer : layers) {
            if (layer instanceof BatchNormalization normalisation) {
                normalisation.getParam("mean").assign(0);
                normalisation.getParam("log10stdev").assign(0);
            }
        }
        ModelSerializer.writeModel(network, file, false);
        try {
            return trained(() -> read(file, graph), program, steps, trained -> goesOn(trained, file, program));
        } finally {
            Files.delete(file.toPath());
        }
    }

    private static void goesOn(Model trained, File file, Program program) {
        boolean graph = trained instanceof ComputationGraph;
        MultiDataSet data = program.data().get();
        try {
            ModelSerializer.writeModel(trained, file, true);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        Nets.assertSame(outputs(trained, data), outputs(read(file, graph), data), "outputs of stock");
        Model resumed = ruled(() -> read(file, graph));
        for (Model network : List.of(trained, resumed)) {
            Nd4j.getRandom().setSeed(1);
            ExamplePrograms.train(network, data, 1);
        }
        Nets.assertSame(trained.params(), resumed.params(), "parameters one step later");
    }

    private static INDArray outputs(Model network, MultiDataSet data) {
        return network instanceof ComputationGraph graph
                ? graph.output(data.getFeatures())[0]
                : ((MultiLayerNetwork) network).output(data.getFeatures(0));
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

    private static RankAlone trained(Supplier<Model> making, Program program, int steps, Consumer<Model> after) {
        Model[] trained = new Model[1];
        long[] parameters = new long[1];
        List<String> said = CapturedErrors.of(() -> {
            Model network = ruled(making);
            INDArray before = network.params().dup();
            ExamplePrograms.train(network, program.data().get(), steps);
            Nets.assertMoved(before, network.params(), "the network");
            assertTrue(Double.isFinite(network.score()), () -> "the loss is " + network.score());
            parameters[0] = network.numParams();
            trained[0] = network;
        });
        List<String> plans = CapturedErrors.containing(said, "trainable params");
        List<String> reasons = CapturedErrors.containing(said, STOCK);
        assertEquals(1, plans.size() + reasons.size(), said::toString);
        CapturedErrors.of(() -> after.accept(trained[0]));
        return new RankAlone(parameters[0], reasons.isEmpty() ? plan(said, plans.get(0)) : stock(reasons.get(0)));
    }

    private static String stock(String reason) {
        return "as stock: " + reason.substring(reason.indexOf(STOCK) + STOCK.length());
    }

    private static String plan(List<String> report, String totals) {
        Map<String, long[]> layers = roles(report);
        Matcher share = SHARE.matcher(totals);
        assertTrue(share.find() && layers.containsKey("target"), report::toString);
        long all = layers.values().stream().mapToLong(role -> role[1]).sum();
        return String.format(
                Locale.ROOT,
                "%d adapted with %.1f %% of the parameters, %d in full, %d frozen; %s %%",
                layers.get("target")[0],
                100.0 * layers.get("target")[1] / all,
                layers.getOrDefault("train", new long[2])[0],
                layers.getOrDefault("frozen", new long[2])[0],
                share.group(1));
    }

    /**
     * How many layers have which role in the table of a report, and how many parameters these have. A long name goes on in the
     * next line.
     */
    private static Map<String, long[]> roles(List<String> report) {
        int header = IntStream.range(0, report.size())
                .filter(i -> report.get(i).matches(" *#  layer .*"))
                .findFirst()
                .orElseThrow();
        int layer = report.get(header).indexOf("layer");
        int type = report.get(header).indexOf("type");
        int role = report.get(header).indexOf("role");
        int scale = report.get(header).indexOf("scale") + "scale".length();
        int params = report.get(header).indexOf("params") + "params".length();
        Map<String, long[]> roles = new HashMap<>();
        for (int i = header + 1; cell(report.get(i), 0, layer).matches("\\d+"); ) {
            String roleOfRow = cell(report.get(i), role, Integer.MAX_VALUE).split("[ +]", 2)[0];
            long parameters = Long.parseLong(cell(report.get(i), scale, params).replace(",", ""));
            StringBuilder name = new StringBuilder();
            do {
                name.append(cell(report.get(i++), layer, type));
            } while (cell(report.get(i), 0, layer).isEmpty());
            Matcher alike = ALIKE.matcher(name);
            long[] counts = roles.computeIfAbsent(roleOfRow, none -> new long[2]);
            counts[0] += alike.find() ? 1 + Integer.parseInt(alike.group(1)) : 1;
            counts[1] += parameters;
        }
        return roles;
    }

    private static String cell(String line, int from, int to) {
        return line.substring(Math.min(from, line.length()), Math.min(to, line.length()))
                .strip();
    }
}
