package org.lowrank4j.tests.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import digits.Compare;
import digits.Pretrain;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.ForkedJvm;

/** Every example as its README says it, on few steps. */
class ExamplesIT {

    private static final Pattern PERCENT = Pattern.compile("([\\d.]+) %");

    private static final Pattern NUMBER = Pattern.compile("\\d+\\.\\d+");

    @TempDir
    private Path out;

    @Test
    void digitsAreComparedWithAndWithoutTheAgent() throws Exception {
        Pretrain.main(new String[] {"--base=" + out.resolve("base-drawn.zip"), "--data=drawn", "--steps=60"});
        String said = ForkedJvm.of(Compare.class)
                .withArguments(
                        "--data=drawn",
                        "--arms=full,head,lora",
                        "--seeds=1",
                        "--steps=100",
                        "--out=" + out,
                        "--agent=" + ForkedJvm.agentJar())
                .run()
                .succeeded()
                .out();
        List<String> rows = said.lines().filter(line -> line.startsWith("| ")).toList();
        assertEquals(5, rows.size(), said);
        // Gradient vector and the two moments of Adam, four bytes a number, of all parameters and of an output layer.
        assertTrue(rows.get(2).startsWith("| full fine-tuning ") && rows.get(2).contains(" 669,706 "), said);
        assertTrue(rows.get(2).contains(" 7.7 MiB ") && rows.get(3).contains(" 5,130 "), said);
        assertTrue(rows.get(4).startsWith("| LoRA ") && rows.get(4).contains(" 23,690 "), said);
        assertTrue(percents(rows.get(4)).get(0) > 50, said);
        MultiLayerNetwork before =
                MultiLayerNetwork.load(out.resolve("base-drawn.zip").toFile(), false);
        MultiLayerNetwork head =
                MultiLayerNetwork.load(out.resolve("runs/head-seed1/model.zip").toFile(), false);
        assertEquals(before.getLayer(1).params(), head.getLayer(1).params());
    }

    @Test
    void aPretrainedNetworkLearnsNewClasses() {
        ForkedJvm.Run run = run(pretrained.Adapt.class);
        assertTrue(percents(run.out()).get(0) > 90, run::toString);
        assertEquals(
                1,
                run.lowrankLines().stream()
                        .filter(line -> line.contains("ComputationGraph"))
                        .count());
    }

    @Test
    void aResidualNetworkLearnsNewClasses() {
        ForkedJvm.Run run = run(vision.Adapt.class, "drawn", "8", "1");
        List<String> rows = rows(run);
        // Two lines of heads, and a row for each way: two numbers of Adam for each that trains, adapters in two files.
        assertEquals(7, rows.size(), run::toString);
        assertTrue(rows.get(2).contains("full training") && rows.get(2).contains(" 2.2 MiB "), run::toString);
        assertTrue(rows.get(4).contains("output layer") && rows.get(4).contains(" 10.1 KiB "), run::toString);
        assertEquals(2, adapters(rows), run::toString);
        assertTrue(Files.exists(out.resolve("answers.png")), run::toString);
    }

    /** The property {@code keras.mobilenet} names the file. */
    @Test
    @Tag("slow")
    void anImportedNetworkLearnsColours() {
        String file = System.getProperty("keras.mobilenet", "");
        assumeTrue(new File(file).isFile(), "-Dkeras.mobilenet=FILE names no file, so there is nothing to import");
        List<String> rows = rows(run(keras.MobileNet.class, file, "3"));
        assertEquals(5, rows.size(), rows::toString);
        assertTrue(rows.get(2).contains("full training") && rows.get(2).contains(" 17.0 MiB "), rows::toString);
        assertEquals(1, rows.stream().filter(row -> row.endsWith(" MiB |")).count(), rows::toString);
    }

    @Test
    void aForecasterMovesToAnotherPlace() {
        ForkedJvm.Run run = run(series.Forecast.class, "drawn", "30", "1");
        List<String> rows = rows(run);
        assertEquals(6, rows.size(), run::toString);
        assertTrue(rows.get(2).contains("full training") && rows.get(2).contains(" 400.5 KiB "), run::toString);
        assertEquals(1, adapters(rows), run::toString);
        // In a few steps the adapters learn what the place that the network comes from does not tell.
        assertTrue(number(rows.get(5)) < number(before(run)), run::toString);
    }

    @Test
    void oneNetworkServesEveryCustomer() {
        ForkedJvm.Run run = run(swap.Serve.class);
        assertTrue(run.out().contains("the base is as it was: true"), run::toString);
        List<Double> shares = percents(run.out());
        for (int customer = 0; customer < 3; customer++) {
            assertTrue(shares.get(2 * customer + 1) > shares.get(2 * customer) + 10, run::toString);
        }
    }

    @Test
    void twoAdaptersBecomeOnePlainModel() {
        ForkedJvm.Run run = run(merging.Combine.class);
        List<Double> shares = percents(run.out());
        // The base, two teams and three ways to combine; each on both teams' questions.
        assertEquals(12, shares.size(), run::toString);
        double base = Math.min(shares.get(0), shares.get(1));
        double best = 0;
        for (int way = 3; way < 6; way++) {
            best = Math.max(best, Math.min(shares.get(2 * way), shares.get(2 * way + 1)));
        }
        assertTrue(best > base + 20, run::toString);
    }

    /** With the plugin on the class path, as a program has it that reads and writes adapters itself. */
    private ForkedJvm.Run run(Class<?> program, String... more) {
        return ForkedJvm.of(program)
                .withClassPath(ForkedJvm.classPath(entry -> true))
                .withAgent("")
                .withArguments(out.toString())
                .withArguments(more)
                .run()
                .succeeded();
    }

    private static List<String> rows(ForkedJvm.Run run) {
        return run.out().lines().filter(line -> line.startsWith("| ")).toList();
    }

    /** How many rows have an adapter file, which is their last cell. */
    private static long adapters(List<String> rows) {
        return rows.stream().skip(2).filter(row -> row.endsWith(" KiB |")).count();
    }

    private static String before(ForkedJvm.Run run) {
        return run.out()
                .lines()
                .filter(line -> line.startsWith("not adapted"))
                .findFirst()
                .orElseThrow();
    }

    private static double number(String text) {
        return NUMBER.matcher(text)
                .results()
                .map(found -> Double.valueOf(found.group()))
                .findFirst()
                .orElseThrow();
    }

    private static List<Double> percents(String text) {
        return PERCENT.matcher(text)
                .results()
                .map(found -> Double.valueOf(found.group(1)))
                .toList();
    }
}
