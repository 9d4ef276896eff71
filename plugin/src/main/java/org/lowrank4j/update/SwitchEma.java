package org.lowrank4j.update;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * Switch EMA (arXiv 2402.09240, algorithm 1): W itself is trained, an exponential moving average of it is kept, and from
 * time to time training goes on from the average; the updater keeps its state.
 *
 * <pre>
 * after each step:     EMA = mu EMA + (1 - mu) W        EMA = W at the start
 * at each switch:      W = EMA
 * </pre>
 *
 * <p>{@code switch=epoch}, as published, switches before the first step of every epoch but the first, as the network counts
 * epochs. {@code switch=N} switches at the end of every N-th step, so that the network is its average there; use it where
 * the program trains without an iterator, and with N the number of steps of an epoch to end the last one averaged.
 *
 * <p>The average must have followed W before it replaces it: 1 / (1 - mu) is to be much less than the number of steps between
 * two switches, or training stands still. mu = 0 is ordinary training.
 *
 * <p>{@code rank}, {@code alpha} and {@code scaling} have no effect. Memory besides ordinary training: one array of the size
 * of W.
 */
public final class SwitchEma implements LowRankUpdate {

    private static final String SWITCH = "switch";

    @Override
    public String name() {
        return "switch-ema";
    }

    @Override
    public boolean usesRank() {
        return false;
    }

    @Override
    public String defaultInitialisation() {
        return "";
    }

    @Override
    public boolean hasFactors() {
        return false;
    }

    @Override
    public boolean trainsWeight() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("mu", "0.9999", "how much of the average stays in each step, less than 1"),
                new MethodOption(SWITCH, "epoch", "when W becomes its average: epoch, or a number of steps"));
    }

    @Override
    public Footprint footprint(TargetWeight target) {
        long n = target.inputs();
        long m = target.outputs();
        return Footprint.of(new long[] {n, m})
                .plus("n m", n * m, target.dataType())
                .plusCounters(2);
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        double mu = options.between("mu", 0, 1);
        if (mu == 1) {
            throw new LowRankException("switch-ema.mu=1 is refused: the average of layer " + target.layer()
                    + " would stay what W was at the start, and every switch would undo the training. Use a number below"
                    + " 1, whose 1 / (1 - mu) is much less than the number of steps of an epoch.");
        }
        int interval = options.text(SWITCH).equals("epoch") ? 0 : options.positiveInt(SWITCH);
        return new SwitchEmaTarget(name(), target, mu, interval);
    }
}
