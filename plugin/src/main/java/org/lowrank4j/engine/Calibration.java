package org.lowrank4j.engine;

import java.util.Collection;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.method.Methods;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Minibatches that pass through a network before its first step, so that starts can learn from them, and leave no trace:
 * what the network works on, its recurrent state, its listeners and the random generator are afterwards as they were.
 * Running statistics of batch normalisation are part of an update in DL4J, and there is none here.
 */
final class Calibration implements AutoCloseable {

    private final NetworkParts network;
    private final List<MultiDataSet> batches;
    private final RandomState random = RandomState.now();
    private final Runnable recurrentState;
    private final Runnable showAgain;
    private final Collection<TrainingListener> listeners;

    /**
     * @param batches what was read ahead, the present minibatch first; empty for the present minibatch only
     */
    Calibration(NetworkParts network, List<MultiDataSet> batches) {
        this.network = network;
        this.batches = batches;
        recurrentState = network.recurrentState();
        showAgain = batches.isEmpty() ? () -> {} : network.showAgain(batches.get(0));
        listeners = network.listeners(List.of());
    }

    /** How many minibatches the starts of a plan want to learn from at most; 0 if W is enough for all of them. */
    static int wantedBatches(Plan plan, Methods methods) {
        return plan.layers().stream()
                .filter(layer -> layer.role() == Role.TARGET)
                .mapToInt(layer -> wantedBatches(layer.settings(), methods))
                .max()
                .orElse(0);
    }

    private static int wantedBatches(TargetSettings settings, Methods methods) {
        if (settings.initialisation().isEmpty()) {
            return 0;
        }
        Initialisation init = methods.initialisation(settings.initialisation(), "plan");
        return init.need() == Initialisation.Need.WEIGHT ? 0 : init.batches(new OptionValues(init, settings.options()));
    }

    /**
     * Refuses a plan that wants several minibatches where no iterator is in sight.
     *
     * @throws LowRankException naming the layer, the initialisation and what can be done
     */
    static void refuseWithoutIterator(Plan plan, Methods methods) {
        for (LayerPlan layer : plan.layers()) {
            int wanted = layer.role() == Role.TARGET ? wantedBatches(layer.settings(), methods) : 0;
            if (wanted > 1) {
                String init = layer.settings().initialisation();
                String option = init + ".batches";
                throw new LowRankException("init '" + init + "' of layer '"
                        + layer.layer().name() + "' (" + plan.rule().source() + ") learns from " + wanted
                        + " minibatches, and this network is trained on single data sets (fit(DataSet) or fit(INDArray,"
                        + " INDArray)), where no iterator is in sight. Train it with fit(DataSetIterator)"
                        + (methods.optionNames().contains(option)
                                ? ", or set " + option + "=1 to learn from the first minibatch alone"
                                : "")
                        + ", or choose an init that needs W only.");
            }
        }
    }

    /**
     * Runs a pass for each minibatch, up to a number of them, until one says that it is enough. Every call draws the
     * random numbers that training will draw.
     *
     * @param pass answers whether to go on
     */
    void each(int limit, BooleanSupplier pass) {
        random.restore();
        recurrentState.run();
        boolean goOn = !batches.isEmpty() || pass.getAsBoolean();
        for (int i = 0; goOn && i < Math.min(limit, batches.size()); i++) {
            network.show(batches.get(i));
            goOn = pass.getAsBoolean();
        }
    }

    @Override
    public void close() {
        network.listeners(listeners);
        showAgain.run();
        recurrentState.run();
        random.restore();
    }
}
