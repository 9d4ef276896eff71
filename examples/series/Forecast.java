package series;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import measure.StepClock;
import measure.Table;
import measure.Way;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Tomorrow's highest temperature from the days before: an LSTM has learned it in one place, and moves to another, of which it sees
 * a year.
 */
public final class Forecast {

    private static final int YEAR = 365;
    private static final int WINDOW = 30;
    private static final int BATCH = 16;

    private final File base;
    private final Weather seen;
    private final Weather test;

    private Forecast(File base, Weather seen, Weather test) {
        this.base = base;
        this.seen = seen;
        this.test = test;
    }

    /** Where to write; then, if wanted, a file of daily weather or {@code drawn}, steps and seeds. */
    public static void main(String[] args) throws IOException {
        Path out = Path.of(args.length > 0 ? args[0] : "target/series");
        String file = args.length > 1 ? args[1] : "drawn";
        int steps = args.length > 2 ? Integer.parseInt(args[2]) : 100;
        int seeds = args.length > 3 ? Integer.parseInt(args[3]) : 2;
        boolean drawn = file.equals("drawn");
        Weather first = drawn ? Weather.drawn(true, 1) : Weather.read(Path.of(file), "Seattle");
        Weather second = drawn ? Weather.drawn(false, 2) : Weather.read(Path.of(file), "New York");
        Weather known = first.between(0, first.size() - YEAR);

        File base = Way.kept(
                out.resolve("base-" + Path.of(file).getFileName() + "-" + steps + ".zip"),
                clock -> fit(network(), known, 2 * steps, 1));
        // The rates below were chosen by the second year there; later ones are asked.
        Forecast forecast = new Forecast(base, second.between(0, YEAR), second.between(2 * YEAR, second.size()));
        System.out.printf("as today: %.2f degrees off%n", forecast.test.asToday(WINDOW));
        System.out.printf("not adapted: %.2f degrees off%n", forecast.error(ComputationGraph.load(base, false)));

        Way full = new Way("full training");
        Way body = new Way("last LSTM and output");
        Way head = new Way("output layer");
        Way adapters = new Way("adapters");
        for (int i = 1; i <= seeds; i++) {
            int seed = i;
            forecast.run(full, out, clock -> forecast.tune("", 1e-3, steps, seed, clock));
            forecast.run(body, out, clock -> forecast.tune("lstm1", 5e-4, steps, seed, clock));
            forecast.run(head, out, clock -> forecast.tune("lstm2", 1e-3, steps, seed, clock));
            forecast.run(adapters, out, clock -> forecast.adapters(3e-3, steps, seed, clock));
        }
        Table.print("degrees off", "%.2f", List.of(full, body, head, adapters));
    }

    private void run(Way way, Path out, Way.Training training) throws IOException {
        way.run(training, out.resolve(way.name().replace(' ', '-') + ".zip").toFile(), this::error);
    }

    /** Stands for a forecaster of your own. Nothing here is annotated, so it trains as stock. */
    private static ComputationGraph network() {
        ComputationGraph network = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(5e-3))
                .graphBuilder()
                .addInputs("days")
                .setInputTypes(InputType.recurrent(Weather.INPUTS))
                .addLayer("lstm1", new LSTM.Builder().nOut(64).build(), "days")
                .addLayer("lstm2", new LSTM.Builder().nOut(64).build(), "lstm1")
                .addLayer(
                        "change",
                        new RnnOutputLayer.Builder(LossFunction.MSE)
                                .nOut(1)
                                .activation(Activation.IDENTITY)
                                .build(),
                        "lstm2")
                .setOutputs("change")
                .build());
        network.init();
        return network;
    }

    /** The annotation is all that is new: {@link #tune} is what a program does for transfer learning anyway. */
    @LowRank(rank = 4, alpha = 8, layers = "type:LSTM")
    private ComputationGraph adapters(double rate, int steps, long seed, StepClock clock) throws IOException {
        return tune("", rate, steps, seed, clock);
    }

    /** The base, of which what is below and at {@code frozen} stays as it is, and nothing if it is empty. */
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
        ComputationGraph network = builder.build();
        network.setListeners(clock);
        return fit(network, seen, steps, seed);
    }

    private static ComputationGraph fit(ComputationGraph network, Weather weather, int steps, long seed) {
        Random random = new Random(seed);
        for (int step = 0; step < steps; step++) {
            int[] starts = random.ints(BATCH, 0, weather.size() - WINDOW).toArray();
            network.fit(weather.windows(starts, WINDOW));
        }
        return network;
    }

    /** Degrees by which the forecasts of the test years are off on average, after a window of days to look at. */
    private double error(ComputationGraph network) {
        int days = test.size() - 1;
        DataSet years = test.windows(new int[] {0}, days);
        INDArray off = network.outputSingle(years.getFeatures()).sub(years.getLabels());
        double sum = 0;
        for (int day = WINDOW; day < days; day++) {
            sum += Math.abs(off.getDouble(0, 0, day));
        }
        return Weather.DEGREES * sum / (days - WINDOW);
    }
}
