package org.lowrank4j.update;

import java.util.List;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * SwitchLoRA (arXiv 2406.06564, algorithm 1 and the released code): LoRA for training from scratch, whose vectors are
 * exchanged a few at a time with candidates from two pools, so that the update reaches far more than r dimensions.
 *
 * <p>Between backward and update, k columns of A and k rows of B take the next candidates of their pools and W absorbs
 * the difference, so the effective weight stays as it is. Column i of A and row i of B are counterparts: dB_i = s A_i^T
 * G changes completely when A_i does, so an exchanged vector's counterpart loses its updater state and stays frozen for
 * {@code freeze} steps, while the exchanged vector itself trains on.
 *
 * <p>Vectors are exchanged in cyclic order, B half a cycle ahead of A, at a falling rate:
 *
 * <pre>k(t) = r / interval * 0.3^((t + 1) / (ratio * total-steps))</pre>
 *
 * <p>Published with alpha = 1. Where the pools of q = min(nIn, nOut) candidates have no vector to spare (q &lt;= r) nothing
 * is exchanged.
 */
public final class SwitchLora implements LowRankUpdate {

    @Override
    public String name() {
        return "switchlora";
    }

    @Override
    public boolean learnsFromScratch() {
        return true;
    }

    @Override
    public String defaultInitialisation() {
        return "switchlora";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "interval", "40", "steps until every vector was exchanged once, at first; at least 2 x freeze"),
                new MethodOption("ratio", "0.1", "the part of total-steps after which the rate has fallen to 30 %"),
                new MethodOption("total-steps", "40000", "the planned number of training steps, for the rate's fall"),
                new MethodOption("freeze", "5", "steps for which the counterpart of an exchanged vector is frozen"));
    }

    /** 1, with which the published start keeps the outputs' variance. */
    @Override
    public double defaultAlpha() {
        return 1;
    }

    @Override
    public Footprint footprint(TargetWeight target) {
        long n = target.inputs();
        long m = target.outputs();
        long pool = Math.min(n, m);
        // Of each factor the slots, steps and freezes of its vectors and a pointer; a step counter and a generator.
        return LoraTarget.footprint(target)
                .plus("min(n, m) (n + m)", pool * (n + m), target.dataType())
                .plusCounters(2 * (3L * target.rank() + 1) + 2);
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        SwitchSchedule schedule = new SwitchSchedule(
                options.positiveInt("interval"),
                options.positiveDouble("ratio"),
                options.positiveInt("total-steps"),
                options.positiveInt("freeze"));
        return new SwitchLoraTarget(target, schedule);
    }
}
