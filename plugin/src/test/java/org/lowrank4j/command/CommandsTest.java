package org.lowrank4j.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.command.CommandLines.Ran;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import org.nd4j.shade.jackson.databind.JsonNode;

class CommandsTest {

    @TempDir
    Path folder;

    private Path base;
    private Path tuned;
    private Path other;

    @BeforeEach
    void writeModels() throws IOException {
        base = folder.resolve("base.zip");
        tuned = folder.resolve("tuned.zip");
        other = folder.resolve("other.zip");
        network(1).save(base.toFile(), false);
        MultiLayerNetwork trained = network(1);
        // A change of rank 1, and a new output layer.
        trained.getParam("0_W")
                .addi(Nd4j.linspace(DataType.FLOAT, 0.01, 0.01, 6).reshape(6, 1).mmul(Nd4j.ones(1, 5)));
        trained.getParam("1_b").addi(0.5);
        trained.save(tuned.toFile(), false);
        network(2).save(other.toFile(), false);
    }

    private static MultiLayerNetwork network(long seed) {
        return network(seed, 2);
    }

    private static MultiLayerNetwork network(long seed, int outputs) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Sgd(0.1))
                .list()
                .layer(new DenseLayer.Builder().name("dense").nIn(6).nOut(5).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                        .name("out")
                        .nIn(5)
                        .nOut(outputs)
                        .build())
                .build());
        network.init();
        return network;
    }

    private Path adapter() {
        Path adapter = folder.resolve("adapter");
        if (!Files.exists(adapter)) {
            Ran ran = CommandLines.run("extract", base, tuned, "--rank", 1, "--layers", "dense", "-o", adapter);
            assertEquals(0, ran.status(), ran::toString);
        }
        return adapter;
    }

    @Test
    void withoutAVerbItPrintsItsVersionAndAllVerbs() {
        Ran ran = CommandLines.run();

        assertEquals(0, ran.status());
        assertTrue(ran.out().startsWith("lowrank4j agent 1.2.3"), ran.out());
        for (String verb : verbs()) {
            assertTrue(ran.out().matches("(?s).*\\n  " + verb + " .*"), verb);
        }
        assertEquals("", ran.err());
    }

    @Test
    void everyVerbExplainsItselfWithAnExampleAndItsExitStatus() {
        for (String verb : verbs()) {
            Ran ran = CommandLines.run(verb, "--help");

            assertEquals(0, ran.status(), verb);
            assertTrue(ran.out().contains("java -jar lowrank4j-agent.jar " + verb), ran.out());
            assertTrue(ran.out().contains("Example"), ran.out());
            assertTrue(ran.out().contains("Exit status: 0"), ran.out());
        }
    }

    /** Help must work where Deeplearning4j is not, and picocli looks at every signature. */
    @Test
    void noVerbHasASignatureWithATypeOfDeeplearning4j() {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        Host host = new Host(nowhere, nowhere, "1.2.3", entry -> {}, stream -> true);
        Commands.commandLine(host).getSubcommands().values().forEach(line -> {
            Class<?> verb = line.getCommand().getClass();
            Stream.of(
                            Arrays.stream(verb.getDeclaredMethods())
                                    .flatMap(method -> Stream.concat(
                                            Stream.of(method.getReturnType()), Stream.of(method.getParameterTypes()))),
                            Arrays.stream(verb.getDeclaredFields()).map(field -> (Class<?>) field.getType()))
                    .flatMap(types -> types)
                    .forEach(type -> assertFalse(
                            type.getName().startsWith("org.nd4j")
                                    || type.getName().startsWith("org.deeplearning4j"),
                            verb + " names " + type));
        });
    }

    private static List<String> verbs() {
        return List.of(
                "plan",
                "inspect",
                "merge",
                "extract",
                "convert",
                "combine",
                "average",
                "compress",
                "diff",
                "verify",
                "doctor");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    mrege a b                 | unknown verb 'mrege'; there are help, plan, inspect, merge
                    mrege a b                 | Did you mean 'merge'?
                    merge --forse a b         | unknown option '--forse'. Did you mean '--force'?
                    extract a b --energie=0.9 | unknown option '--energie'. Did you mean '--energy'?
                    merge a b                 | Missing required option: '--output=OUT'
                    merge a b -o              | Missing required parameter for option '--output'
                    inspect                   | Missing required parameter: 'FILE'
                    inspect absent.zip        | There is no file or directory absent.zip.
                    inspect a b               | unexpected argument 'b'.
                    inspekt r.zip --classpath X | unknown verb 'inspekt'; there are help, plan, inspect, merge
                    --classpath X inspect a   | option '--classpath' stands before its verb: write it behind.
                    --clsspath X inspect a    | unknown option '--clsspath'.
                    inspekt r.zip --classpath X | Did you mean 'inspect'?
                    inspect a --classpath l/a.jar l/b.jar l/c.jar | unexpected argument 'l/b.jar'. Quote a wildcard
                    """)
    void wrongUseEndsWithStatus2AndSaysWhat(String line, String expected) {
        Ran ran = CommandLines.run((Object[]) line.split(" "));

        assertEquals(2, ran.status(), ran::toString);
        assertEquals("", ran.out());
        assertTrue(ran.err().contains(expected), ran.err());
        assertTrue(ran.err().contains("--help"), ran.err());
    }

    @Test
    void settingsThatContradictEachOtherAreRefused() {
        Path output = folder.resolve("out");
        refused("The method svd needs --rank.", "combine", base, "--method", "svd", "-o", output);
        refused("--density means nothing for the method concat.", "combine", base, "--density", 0.5, "-o", output);
        refused(
                "Adapters: 1, weights: 2. Give one weight for each adapter.",
                "combine",
                base,
                "--weights",
                "1,2",
                "-o",
                output);
        refused("above 0 and at most 1", "extract", base, tuned, "--energy", 1.5, "-o", output);
        refused("mutually exclusive", "extract", base, tuned, "--energy", 0.5, "--rank", 2, "-o", output);
        refused("is the name of a zip", "extract", base, tuned, "--rank", 2, "-o", folder.resolve("out.zip"));
        refused("Give it with --base.", "convert", tuned, "-o", output);
        refused("is no KEY=VALUE", "plan", base, "rank");
        refused("The key rank is given twice.", "plan", base, "rank=1", "rank=2");
        refused("The mean of one model is that model.", "average", base, "-o", output + ".zip");
        refused("--width must be above 0 and below 0.288", "average", base, "--width", 0.3, "-o", output + ".zip");
        refused("There is no file or directory", "average", base, folder.resolve("absent.zip"), "-o", output + ".zip");
        refused("The directory of", "extract", base, tuned, "--rank", 2, "-o", folder.resolve("absent/out"));
        assertFalse(Files.exists(output));
    }

    /** A path does not tell that it was written with a slash at its end. */
    @Test
    void aModelIsNotWrittenWhereADirectoryIsAskedFor() {
        Path directory = folder.resolve("new");
        refused(
                directory + "/ is a directory. Give the name of a file in it: " + directory.resolve("merged.zip"),
                "merge",
                base,
                adapter(),
                "-o",
                directory + "/");
        assertFalse(Files.exists(directory));
        Ran ran = CommandLines.run("convert", adapter(), "-o", directory + "/");
        assertEquals(0, ran.status(), ran::toString);
        assertTrue(Files.isDirectory(directory));
    }

    @Test
    void jarsThatAShellMadeOfAWildcardAreToldHowToQuoteIt() {
        for (List<Object> line : List.<List<Object>>of(
                List.of("plan", base, "rank=2", "--classpath", "lib/a.jar", "lib/b.jar"),
                List.of("plan", "--classpath", "lib/a.jar", "lib/b.jar", base, "rank=2"),
                List.of("combine", tuned, "-o", folder.resolve("out"), "--classpath", "lib/a.jar", "lib/b.jar"),
                List.of("doctor", "-cp", "lib/a.jar", "lib/b.jar"))) {
            refused("--classpath 'lib/*'.", line.toArray());
        }
    }

    private static void refused(String expected, Object... arguments) {
        Ran ran = CommandLines.run(arguments);
        assertEquals(2, ran.status(), ran::toString);
        assertTrue(ran.err().contains(expected), ran.err());
    }

    @Test
    void anOutputThatIsThereStaysUnlessForced() throws IOException {
        Path adapter = adapter();
        byte[] before = Files.readAllBytes(adapter.resolve("adapter_model.safetensors"));
        Ran ran = CommandLines.run("extract", base, tuned, "--rank", 1, "-o", adapter);
        assertEquals(2, ran.status(), ran::toString);
        assertTrue(ran.err().contains("is there already"), ran.err());
        assertArrayEquals(before, Files.readAllBytes(adapter.resolve("adapter_model.safetensors")));

        assertEquals(
                0,
                CommandLines.run("extract", base, tuned, "--rank", 2, "-o", adapter, "--force")
                        .status());
        refused("is there already", "merge", base, adapter, "-o", tuned);
    }

    @Test
    void extractThenMergeGivesTheTunedModel() {
        Path merged = folder.resolve("merged.zip");
        Ran extracted =
                CommandLines.run("extract", base, tuned, "--energy", 0.999999, "-o", folder.resolve("a"), "--json");
        assertEquals(0, extracted.status(), extracted::toString);
        JsonNode layers = extracted.json().path("adapter").path("layers");
        assertEquals(1, layers.size(), layers::toString);
        assertEquals(1, layers.get(0).path("rank").asInt());
        assertEquals(1.0, layers.get(0).path("effectiveRank").asDouble(), 1e-3);

        Ran ran = CommandLines.run("merge", base, folder.resolve("a"), "-o", merged, "--json");
        assertEquals(0, ran.status(), ran::toString);
        assertEquals(32, ran.json().path("changed").asInt());
        assertTrue(ran.json().path("largestDifference").asDouble(1) <= 1e-6, ran.out());

        Ran difference = CommandLines.run("diff", merged, tuned, "--json");
        difference
                .json()
                .path("differing")
                .forEach(one -> assertTrue(one.path("relative").asDouble(1) < 1e-6, one::toString));
        assertEquals(1, difference.status(), difference::toString);
        Ran within = CommandLines.run("diff", merged, tuned, "--tolerance", 1e-6);
        assertEquals(0, within.status(), within::toString);
        assertTrue(
                within.out().startsWith("1 parameter differs (0 by more than 1.0E-6 relative), 3 are the same"),
                within::toString);
    }

    @Test
    void anAdapterOfAnotherBaseIsRefusedUnlessAllowed() {
        Path output = folder.resolve("merged.zip");
        Ran ran = CommandLines.run("merge", other, adapter(), "-o", output);
        assertEquals(1, ran.status(), ran::toString);
        assertTrue(ran.err().contains("W of layer dense has other values"), ran.err());
        assertTrue(ran.err().contains("(--any-base on the command line)"), ran.err());
        assertFalse(ran.err().contains("merging"), ran.err());
        assertFalse(Files.exists(output));

        Ran verified = CommandLines.run("verify", adapter(), "--base", other, "--json");
        assertEquals(1, verified.status(), verified::toString);
        assertFalse(verified.json().path("belongsToBase").asBoolean(true));
        assertEquals(0, CommandLines.run("verify", adapter(), "--base", base).status());

        assertEquals(
                0,
                CommandLines.run("merge", other, adapter(), "-o", output, "--any-base")
                        .status());
    }

    @Test
    void aDamagedFileIsAProblemThatNamesTheFile() throws IOException {
        Path tensors = adapter().resolve("adapter_model.safetensors");
        byte[] content = Files.readAllBytes(tensors);
        Files.write(tensors, Arrays.copyOf(content, content.length - 3));
        Ran ran = CommandLines.run("verify", adapter(), "--json");
        assertEquals(1, ran.status(), ran::toString);
        assertTrue(ran.err().contains("adapter_model.safetensors"), ran.err());
        assertTrue(ran.json().path("error").asText().contains("safetensors"), ran.out());
        assertEquals(1, ran.json().path("status").asInt());

        byte[] model = Files.readAllBytes(base);
        Files.write(base, Arrays.copyOf(model, model.length / 2));
        Ran zip = CommandLines.run("verify", base);
        assertEquals(1, zip.status(), zip::toString);
        assertTrue(zip.err().contains("base.zip is not a readable zip"), zip.err());
    }

    @Test
    void aModelWithNumbersThatAreNotFiniteIsNotSound() throws IOException {
        MultiLayerNetwork diverged = network(1);
        diverged.getParam("1_W").putScalar(0, 1, Double.NaN);
        diverged.save(base.toFile(), false);
        Ran ran = CommandLines.run("verify", base);

        assertEquals(1, ran.status(), ran::toString);
        assertTrue(ran.out().contains("W of layer out has 1 of 10 entries that are NaN or infinite"), ran.out());
    }

    @Test
    void diffTellsSameFromDifferentByItsStatus() {
        assertEquals(0, CommandLines.run("diff", base, base).status());
        Ran ran = CommandLines.run("diff", base, tuned, "--json", "--spectrum");
        assertEquals(1, ran.status());
        JsonNode differing = ran.json().path("differing");
        assertEquals(2, differing.size(), differing::toString);
        assertEquals("dense", differing.get(0).path("layer").asText());
        assertEquals(0.06, differing.get(0).path("largest").asDouble(), 1e-6);
        assertEquals(1.0, differing.get(0).path("effectiveRank").asDouble(), 1e-3);
        assertEquals(0.5, differing.get(1).path("largest").asDouble(), 1e-6);
        // The bias was 0: there is nothing to compare its change to.
        assertFalse(differing.get(1).has("relative"));
        assertEquals(
                1, CommandLines.run("diff", base, tuned, "--tolerance", 1e-6).status());
        assertEquals(
                2, CommandLines.run("diff", base, tuned, "--tolerance", "-1").status());
        assertEquals(2, CommandLines.run("diff", base, adapter()).status());
        assertEquals(0, CommandLines.run("diff", adapter(), adapter()).status());
    }

    @Test
    void combineReportsTheErrorAgainstTheExactSum() {
        Path sum = folder.resolve("sum");
        Ran ran = CommandLines.run("combine", adapter(), adapter(), "--weights", "0.5,0.25", "-o", sum, "--json");
        assertEquals(0, ran.status(), ran::toString);
        assertEquals(0, ran.json().path("errors").path("dense").asDouble(1), 1e-6);
        assertEquals(
                2, ran.json().path("adapter").path("layers").get(0).path("rank").asInt());

        Ran linear = CommandLines.run(
                "combine", adapter(), adapter(), "--method", "linear", "-o", folder.resolve("linear"), "--json");
        // (A + A)(B + B) is twice the sum of A B and A B.
        assertEquals(1, linear.json().path("errors").path("dense").asDouble(), 1e-6);
    }

    @Test
    void anAdapterBecomesAZipThatHoldsItAndBack() throws IOException {
        Path zip = folder.resolve("converted.zip");
        Path again = folder.resolve("again");
        Ran ran = CommandLines.run("convert", adapter(), "--base", base, "-o", zip, "--json");
        assertEquals(0, ran.status(), ran::toString);
        assertTrue(ran.json().path("notes").get(0).asText().contains("rank=1,alpha=1.0"), ran.out());
        assertTrue(
                ran.json().path("notes").get(1).asText().contains("iterations and epochs, on which schedules go, are"),
                ran.out());
        assertEquals(0, CommandLines.run("verify", zip, "--base", base).status());
        assertEquals(
                0, CommandLines.run("convert", zip, "--base", base, "-o", again).status());
        assertEquals(0, CommandLines.run("diff", adapter(), again).status());
        MultiLayerNetwork opened = MultiLayerNetwork.load(zip.toFile(), false);
        assertEquals(
                0,
                opened.params()
                        .sub(MultiLayerNetwork.load(tuned.toFile(), false).params())
                        .amaxNumber()
                        .doubleValue(),
                1e-6);

        Ran plain = CommandLines.run("convert", tuned, "--base", base, "-o", folder.resolve("plain"));
        assertEquals(1, plain.status(), plain::toString);
        assertTrue(plain.err().contains("holds no state of adapters"), plain.err());
    }

    @Test
    void aNewHeadIsInTheAdapterAsAWholeAndGoesOntoABaseThatHasOne() throws IOException {
        Path withHead = folder.resolve("with-head.zip");
        Path retrained = folder.resolve("retrained.zip");
        Path extracted = folder.resolve("extracted");
        MultiLayerNetwork replaced = network(7, 3);
        replaced.setParam("0_W", network(1).getParam("0_W"));
        replaced.save(withHead.toFile(), false);
        replaced.setParam(
                "0_W",
                MultiLayerNetwork.load(tuned.toFile(), false).getParam("0_W").dup());
        replaced.getParam("1_W").addi(0.25);
        replaced.save(retrained.toFile(), false);

        Ran ran = CommandLines.run("extract", base, retrained, "--rank", 1, "-o", extracted);
        assertEquals(0, ran.status(), ran::toString);
        assertTrue(
                ran.out().contains("layer out is new (W 5x3, b 3; in the base W 5x2, b 2): it is in the adapter"),
                ran.out());
        Ran verified = CommandLines.run("verify", extracted, "--base", base);
        assertEquals(0, verified.status(), verified::toString);
        assertTrue(verified.out().contains("layer out is new"), verified.out());

        // A zip with the state of a training, against the base without the head.
        Path zip = folder.resolve("state.zip");
        Path converted = folder.resolve("converted");
        ran = CommandLines.run("convert", extracted, "--base", withHead, "-o", zip);
        assertEquals(0, ran.status(), ran::toString);
        ran = CommandLines.run("convert", zip, "--base", base, "-o", converted);
        assertEquals(0, ran.status(), ran::toString);
        assertTrue(ran.out().contains("layer out is new"), ran.out());
        assertEquals(0, CommandLines.run("diff", extracted, converted).status());

        Path merged = folder.resolve("merged.zip");
        Ran unfit = CommandLines.run("merge", base, converted, "-o", merged);
        assertEquals(1, unfit.status(), unfit::toString);
        assertTrue(unfit.err().contains("Give the network a layer like that of the training first"), unfit.err());
        assertFalse(Files.exists(merged));
        ran = CommandLines.run("merge", withHead, converted, "-o", merged);
        assertEquals(0, ran.status(), ran::toString);
        assertTrue(MultiLayerNetwork.load(merged.toFile(), false).params().equalsWithEps(replaced.params(), 1e-6));

        // The way out that the refusal names.
        Path bare = folder.resolve("bare");
        assertEquals(
                0,
                CommandLines.run("combine", converted, "--without-parameters", "-o", bare)
                        .status());
        assertEquals(
                0,
                CommandLines.run("merge", base, bare, "-o", merged, "--force").status());
    }

    @Test
    void aBaseWithAnotherShapeOfAnAdaptedLayerIsRefusedByName() throws IOException {
        Path zip = folder.resolve("state.zip");
        assertEquals(
                0,
                CommandLines.run("convert", adapter(), "--base", base, "-o", zip)
                        .status());
        MultiLayerNetwork narrow = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new DenseLayer.Builder().name("dense").nIn(7).nOut(5).build())
                .layer(new OutputLayer.Builder().name("out").nIn(5).nOut(2).build())
                .build());
        narrow.init();
        narrow.save(other.toFile(), false);
        Ran ran = CommandLines.run("convert", zip, "--base", other, "-o", folder.resolve("out"));
        assertEquals(1, ran.status(), ran::toString);
        assertTrue(ran.err().contains("Layer dense was adapted, and the base has no layer of that name"), ran.err());
        assertTrue(ran.err().contains("or extract an adapter"), ran.err());
        assertFalse(Files.exists(folder.resolve("out")));
    }

    @Test
    void planSaysWhatARuleMeansOrWhyItCannotBeMet() {
        Ran ran = CommandLines.run("plan", base, "rank=2,layers=dense", "--json");
        assertEquals(0, ran.status(), ran::toString);
        JsonNode dense = ran.json().path("layers").get(0);
        assertEquals("target", dense.path("role").asText());
        assertEquals(
                2 * (6 + 5), dense.path("targets").get(0).path("adapterEntries").asInt());
        assertEquals("train", ran.json().path("layers").get(1).path("role").asText());

        Ran blanks = CommandLines.run("plan", base, " rank = 2 , layers=dense, alpha@dense= 4", "--json");
        assertEquals(0, blanks.status(), blanks::toString);
        assertEquals(
                4,
                blanks.json()
                        .path("layers")
                        .get(0)
                        .path("targets")
                        .get(0)
                        .path("alpha")
                        .asInt(),
                blanks::toString);

        Ran text = CommandLines.run("plan", base, "rank=2", "layers=dense");
        assertTrue(text.out().contains("trainable params: 34 || all params: 69"), text.out());

        Ran misspelt = CommandLines.run("plan", base, "rank=2", "layers=dence");
        assertEquals(1, misspelt.status());
        assertTrue(misspelt.err().contains("dence"), misspelt.err());
        Ran none = CommandLines.run("plan", base);
        assertEquals(1, none.status());
        assertTrue(none.err().contains("No rule asks for anything"), none.err());
    }

    /** The mean of weights, in a model without a state of updaters. */
    @Test
    void averageMakesTheMeanOfModels() throws IOException {
        Path mean = folder.resolve("mean.zip");
        Ran ran = CommandLines.run("average", base, tuned, other, "-o", mean, "--json");
        assertEquals(0, ran.status(), ran::toString);
        assertEquals(3, ran.json().path("models").asInt());
        INDArray sum = ModelSerializer.restoreMultiLayerNetwork(base.toFile()).params();
        sum.addi(ModelSerializer.restoreMultiLayerNetwork(tuned.toFile()).params());
        sum.addi(ModelSerializer.restoreMultiLayerNetwork(other.toFile()).params());
        INDArray read = ModelSerializer.restoreMultiLayerNetwork(mean.toFile()).params();
        assertTrue(sum.divi(3).sub(read).normmaxNumber().doubleValue() <= 1e-6);

        Path wide = folder.resolve("wide.zip");
        network(1, 3).save(wide.toFile(), false);
        Ran unlike = CommandLines.run("average", base, wide, "-o", mean, "--force");
        assertEquals(1, unlike.status(), unlike::toString);
        assertTrue(unlike.err().contains("wide.zip is of another network than"), unlike.err());
        Ran without = CommandLines.run("average", base, "--width", "0.1", "-o", mean, "--force");
        assertEquals(1, without.status(), without::toString);
        assertTrue(without.err().contains("average=post-hoc-ema"), without.err());
    }

    @Test
    void everyWrongUseIsOneJsonObjectToo() {
        String adapter = adapter().toString();
        List<List<String>> wrong = List.of(
                List.of("merge", "a", "b"),
                List.of("merge", "--forse", "a", "b"),
                List.of("inspect", "absent.zip"),
                List.of("extract", base.toString(), tuned.toString(), "--rank", "x", "-o", "o"),
                List.of("extract", base.toString(), tuned.toString(), "--rank", "0", "-o", "o"),
                List.of("convert", tuned.toString(), "-o", "o"),
                List.of("combine", tuned.toString(), "-o", "o"),
                List.of("combine", adapter, "--method", "svd", "--rank", "0", "-o", "o"),
                List.of("combine", adapter, "--weights", "NaN", "-o", "o"),
                List.of("combine", adapter, "--method", "dare", "--density", "2", "-o", "o"),
                List.of("combine", adapter, "--method", "sum", "-o", "o"),
                List.of("diff", base.toString()),
                List.of("diff", base.toString(), adapter),
                List.of("verify", "a", "b"),
                List.of("plan", base.toString(), "rank"),
                List.of("doctor", "--classpath", "absent.jar"),
                List.of("doctor", "x"),
                List.of("mrege", "a"));
        for (List<String> line : wrong) {
            Ran plain = CommandLines.run(line.toArray());
            assertEquals(2, plain.status(), plain::toString);
            assertEquals("", plain.out(), plain::toString);
            Ran ran = withJson(line);
            assertEquals(2, ran.status(), ran::toString);
            assertEquals(2, ran.json().path("status").asInt(), ran::toString);
            assertEquals(plain.err(), ran.err());
            assertTrue(
                    ran.err()
                            .startsWith("lowrank4j: " + ran.json().path("error").asText()),
                    ran::toString);
            assertEquals(
                    line.get(0).equals("mrege") ? "null" : line.get(0),
                    ran.json().path("verb").asText());
        }
    }

    private static Ran withJson(List<?> line) {
        List<Object> all = new ArrayList<>(line);
        all.add("--json");
        return CommandLines.run(all.toArray());
    }

    @Test
    void whatIsWrongWithAFileIsOneJsonObjectToo() throws IOException {
        Path text = Files.writeString(folder.resolve("text.zip"), "no zip");
        for (List<Object> line : List.<List<Object>>of(
                List.of("plan", text, "rank=2"),
                List.of("inspect", text),
                List.of("merge", text, adapter(), "-o", folder.resolve("o.zip")),
                List.of("extract", text, tuned, "--rank", 1, "-o", folder.resolve("o")),
                List.of("convert", text, "--base", base, "-o", folder.resolve("o")),
                List.of("combine", text, "--base", base, "-o", folder.resolve("o")),
                List.of("diff", text, base),
                List.of("verify", text))) {
            Ran ran = withJson(line);
            assertEquals(1, ran.status(), ran::toString);
            assertEquals(1, ran.json().path("status").asInt(), ran::toString);
            assertEquals(line.get(0), ran.json().path("verb").asText());
            assertTrue(ran.err().contains(ran.json().path("error").asText()), ran::toString);
        }
    }

    @Test
    void aResultThatCouldNotBeWrittenIsNoSuccess() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int letter) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        for (List<Object> line : List.<List<Object>>of(
                List.of("plan", base, "rank=2", "layers=dense"),
                List.of("inspect", base),
                List.of("merge", base, adapter(), "-o", folder.resolve("merged.zip")),
                List.of("extract", base, tuned, "--rank", 1, "-o", folder.resolve("second")),
                List.of("convert", adapter(), "-o", folder.resolve("converted")),
                List.of("combine", adapter(), "-o", folder.resolve("combined")),
                List.of("diff", base, base),
                List.of("verify", adapter()),
                List.of("doctor", "--probe"),
                List.of("merge", "--help"),
                List.of("--version"),
                List.of())) {
            Ran ran = CommandLines.runInto(full, line.toArray());
            assertEquals(1, ran.status(), line + " " + ran);
            assertTrue(ran.err().contains("the result could not be written to the standard output"), ran::toString);
        }
    }

    @Test
    void aFullDeviceIsNoSuccess() {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.isWritable(full));
        Ran ran = CommandLines.run("merge", base, adapter(), "-o", full, "--force", "--json");
        assertEquals(1, ran.status(), ran::toString);
        assertTrue(
                ran.json().path("error").asText().contains("Cannot write /dev/full: No space left on device"),
                ran::toString);
    }

    @Test
    void aFlippedBitIsDamageForEveryVerb() throws IOException {
        Path tensors = adapter().resolve("adapter_model.safetensors");
        byte[] content = Files.readAllBytes(tensors);
        content[content.length - 2] ^= 1;
        Files.write(tensors, content);
        for (List<Object> line : List.<List<Object>>of(
                List.of("verify", adapter()),
                List.of("inspect", adapter()),
                List.of("merge", base, adapter(), "-o", folder.resolve("o.zip")),
                List.of("convert", adapter(), "-o", folder.resolve("o")),
                List.of("convert", adapter(), "--base", base, "-o", folder.resolve("o.zip")),
                List.of("combine", adapter(), "-o", folder.resolve("o")),
                List.of("diff", adapter(), adapter()))) {
            Ran ran = CommandLines.run(line.toArray());
            assertEquals(1, ran.status(), ran::toString);
            assertTrue(ran.err().contains("it is damaged: its content has the SHA-256"), ran::toString);
        }
        assertFalse(Files.exists(folder.resolve("o")));
        assertFalse(Files.exists(folder.resolve("o.zip")));
    }

    @Test
    void whatIsKnownOfAnAdapterIsTold() throws IOException {
        Ran sound = CommandLines.run("verify", adapter(), "--json");
        assertTrue(sound.json().path("hashed").asBoolean(), sound::toString);
        Ran named = CommandLines.run("merge", base, adapter(), "-o", folder.resolve("named.zip"), "--json");
        assertTrue(named.json().path("namesBase").asBoolean(), named::toString);

        // As another library writes it: no hash, no base.
        Path tensors = adapter().resolve("adapter_model.safetensors");
        Map<String, INDArray> arrays = Safetensors.read(tensors).tensors();
        try (OutputStream out = Files.newOutputStream(tensors)) {
            Safetensors.write(new Tensors(arrays, Map.of("format", "pt")), out);
        }
        Path config = adapter().resolve("adapter_config.json");
        String text = Files.readString(config);
        Files.writeString(config, text.substring(0, text.lastIndexOf(',', text.indexOf("\"lowrank4j\""))) + "}");
        Ran foreign = CommandLines.run("verify", adapter());
        assertEquals(0, foreign.status(), foreign::toString);
        assertTrue(foreign.out().contains("it carries no hash, so a changed number cannot be seen"), foreign::toString);
        assertTrue(CommandLines.run("inspect", adapter()).out().contains("hashes: none"));
        Ran merged = CommandLines.run("merge", base, adapter(), "-o", folder.resolve("merged.zip"));
        assertEquals(0, merged.status(), merged::toString);
        assertTrue(merged.out().contains("does not name the base that it was made on"), merged::toString);
    }

    @Test
    void quietSaysNothingButTheResult() {
        assertTrue(CommandLines.run("verify", base).err().contains("lowrank4j: reading"));
        assertEquals("", CommandLines.run("verify", base, "--quiet").err());
    }

    @Test
    void projectsGiveTheirClassesAndWhatMavenListedOrCopied() throws IOException {
        Path project = Files.createDirectories(folder.resolve("project"));
        refused("Run in it once: mvn compile dependency:build-classpath", "verify", base, "--project", project);

        Path classes = Files.createDirectories(project.resolve("target/classes"));
        Path jar = jar(
                Files.createDirectories(project.resolve("target/dependency")).resolve("a.jar"), "x/");
        Ran copied = CommandLines.run("verify", base, "--project", project);
        assertEquals(List.of(classes.toUri().toURL(), jar.toUri().toURL()), copied.classPath());

        Path listed = jar(folder.resolve("b.jar"), "x/");
        Files.writeString(project.resolve("target/classpath"), listed + "\n");
        Ran list = CommandLines.run("verify", base, "--project", project);
        assertEquals(List.of(classes.toUri().toURL(), listed.toUri().toURL()), list.classPath());

        Files.delete(listed);
        refused("is out of date", "verify", base, "--project", project);
    }

    @ParameterizedTest
    @ValueSource(strings = {"absent.jar", "absent/*"})
    void classPathsWithEntriesThatAreNotThereAreRefused(String entry) {
        refused("in the class path", "verify", base, "--classpath", folder.resolve(entry));
    }

    @Test
    void aJarOfJarsIsExplained() throws IOException {
        Path jar = jar(folder.resolve("boot.jar"), "BOOT-INF/");
        refused("Unpack it", "verify", base, "--classpath", jar);
        refused("is no readable jar", "verify", base, "--classpath", adapter().resolve("adapter_config.json"));
    }

    private static Path jar(Path file, String entry) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry(entry));
        }
        return file;
    }

    @Test
    void jsonIsValidWhateverTheTexts() {
        String nasty = "\"\\\n\t\u0001\ud800 ü";
        JsonNode read = new CommandLines.Ran(
                        0, Json.text(Map.of(nasty, List.of(nasty, 1.5, Double.NaN))), "", List.of())
                .json();

        assertEquals(nasty, read.path(nasty).get(0).asText());
        assertEquals(1.5, read.path(nasty).get(1).asDouble());
        assertEquals("NaN", read.path(nasty).get(2).asText());
    }
}
