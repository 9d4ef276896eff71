package org.lowrank4j.tests.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.InputStatistics;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Initialisations of a user of lowrank4j, one for each thing that a start may want to know. They keep what they are shown
 * for the test, and start with factors that depend on the layer's name alone, so that all three train alike.
 */
public abstract class Probe implements Initialisation {

    /** What the last starts were shown, by layer: gradients, or the inputs of one minibatch after the other. */
    static final Map<String, List<INDArray>> SEEN = new HashMap<>();

    private final String name;
    private final Need need;

    private Probe(String name, Need need) {
        this.name = name;
        this.need = need;
    }

    /** Looks at W only. */
    public static final class OfWeight extends Probe {
        public OfWeight() {
            super("probe-weight", Need.WEIGHT);
        }
    }

    /** Looks at dL/dW. */
    public static final class OfGradient extends Probe {
        public OfGradient() {
            super("probe-gradient", Need.GRADIENT);
        }
    }

    /** Looks at the inputs of the layer. */
    public static final class OfInputs extends Probe {
        public OfInputs() {
            super("probe-inputs", Need.INPUTS);
        }
    }

    private static final class Kept implements InputStatistics {
        private final List<INDArray> inputs = new ArrayList<>();

        @Override
        public void observe(INDArray x) {
            inputs.add(x.dup('c'));
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption("batches", "3", "how many minibatches to look at"));
    }

    @Override
    public Need need() {
        return need;
    }

    @Override
    public int batches(OptionValues options) {
        return options.positiveInt("batches");
    }

    @Override
    public InputStatistics statistics(TargetWeight target) {
        return new Kept();
    }

    @Override
    public Factors start(Start start) {
        if (need == Need.GRADIENT) {
            SEEN.put(start.layer(), List.of(start.gradient().dup('c')));
        } else if (need == Need.INPUTS) {
            SEEN.put(start.layer(), start.statistics(Kept.class).inputs);
        }
        Random random = new Random(start.layer().hashCode());
        return new Factors(normal(random, start.inputs(), start.rank()), normal(random, start.rank(), start.outputs()));
    }

    private static INDArray normal(Random random, long rows, long columns) {
        INDArray array = Nd4j.create(DataType.DOUBLE, rows, columns);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, 0.3 * random.nextGaussian());
        }
        return array;
    }
}
