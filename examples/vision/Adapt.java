package vision;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import measure.StepClock;
import measure.Table;
import measure.Way;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.learning.config.Adam;

/**
 * A residual network that knows the classes 0 to 4 learns the classes 5 to 9 from a thousand pictures, in several ways: by stock DL4J
 * and by adapters beside its convolutions, whose normalisation trains along.
 */
public final class Adapt {

    private static final int BATCH = 16;
    private static final int SEEN = 1000;
    // The rates below were chosen by the first test pictures; others are asked.
    private static final int LOOKED_AT = 1000;
    private static final int ASKED = 500;

    private final File base;
    private final DigitSet train;
    private final DigitSet test;

    private Adapt(File base, DigitSet train, DigitSet test) {
        this.base = base;
        this.train = train;
        this.test = test;
    }

    /** Where to write; then, if wanted, the folder of four files in MNIST's format or {@code drawn}, steps and seeds. */
    public static void main(String[] args) throws IOException {
        Path out = Path.of(args.length > 0 ? args[0] : "target/vision");
        String folder = args.length > 1 ? args[1] : Digits.DRAWN;
        int steps = args.length > 2 ? Integer.parseInt(args[2]) : 100;
        int seeds = args.length > 3 ? Integer.parseInt(args[3]) : 2;
        Digits pictures = Digits.load(folder);
        File base = Way.kept(
                out.resolve("base-" + Path.of(folder).getFileName() + "-" + steps + ".zip"),
                clock -> pretrained(pictures.train().between(0, 4), 3 * steps));
        DigitSet test = pictures.test().between(5, 9).after(LOOKED_AT).first(ASKED);
        Adapt adapt = new Adapt(base, pictures.train().between(5, 9).first(SEEN), test);

        Way full = new Way("full training");
        Way body = new Way("last block and output");
        Way head = new Way("output layer");
        Way adapters = new Way("adapters");
        Way longer = new Way("adapters, 2 x as long");
        for (int i = 1; i <= seeds; i++) {
            int seed = i;
            adapt.run(full, out, clock -> adapt.tune("", 5e-3, steps, seed, clock));
            adapt.run(body, out, clock -> adapt.tune(ResidualNetwork.BEFORE_LAST_BLOCK, 2e-3, steps, seed, clock));
            adapt.run(head, out, clock -> adapt.tune(ResidualNetwork.FEATURES, 2e-2, steps, seed, clock));
            adapt.run(adapters, out, clock -> adapt.adapters(2e-3, steps, seed, clock));
            adapt.run(longer, out, clock -> adapt.adapters(1e-3, 2 * steps, seed, clock));
        }
        Table.print("right, %", "%.1f", List.of(full, body, head, adapters, longer));
        // The last one that was saved is the adapted network.
        ComputationGraph adapted = ComputationGraph.load(file(out, longer), false);
        System.out.println("Pictures and answers: " + Sheet.write(adapted, test, out.resolve("answers.png")));
    }

    private static File file(Path out, Way way) {
        return out.resolve(way.name().replaceAll("\\W+", "-") + ".zip").toFile();
    }

    private void run(Way way, Path out, Way.Training training) throws IOException {
        way.run(
                training,
                file(out, way),
                network -> 100 * network.evaluate(DigitBatches.once(test, 100)).accuracy());
    }

    /** Stands for a network of the zoo or of your own. Nothing here is annotated, so it trains as stock. */
    private static ComputationGraph pretrained(DigitSet known, int steps) {
        ComputationGraph network = ResidualNetwork.drawn(1e-3, 1);
        network.fit(DigitBatches.shuffled(known, BATCH, steps, 1));
        return network;
    }

    /** The annotation is all that is new: {@link #tune} is what a program does for transfer learning anyway. */
    @LowRank(
            rank = 8,
            init = "lora-ga",
            scaling = "rslora",
            layers = "type:ConvolutionLayer",
            train = "type:BatchNormalization")
    private ComputationGraph adapters(double rate, int steps, long seed, StepClock clock) throws IOException {
        return tune("", rate, steps, seed, clock);
    }

    /** A new output layer on the base, of which what is below and at {@code frozen} stays as it is, and nothing if it is empty. */
    private ComputationGraph tune(String frozen, double rate, int steps, long seed, StepClock clock)
            throws IOException {
        TransferLearning.GraphBuilder builder = new TransferLearning.GraphBuilder(ComputationGraph.load(base, false))
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(rate))
                        .seed(seed)
                        .build());
        if (!frozen.isEmpty()) {
            builder.setFeatureExtractor(frozen);
        }
        ComputationGraph network = builder.removeVertexKeepConnections(ResidualNetwork.OUTPUT)
                .addLayer(ResidualNetwork.OUTPUT, ResidualNetwork.output(), ResidualNetwork.FEATURES)
                .setOutputs(ResidualNetwork.OUTPUT)
                .build();
        network.setListeners(clock);
        network.fit(DigitBatches.shuffled(train, BATCH, steps, seed));
        return network;
    }
}
