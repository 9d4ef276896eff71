package org.lowrank4j.gradient;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.lowrank4j.update.SavedState;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An approximation with a state of its own, saved beside the update's under names that start with the approximation's. */
abstract class WrappedUpdate extends PassedOn {

    private final TargetWeight target;
    private final String prefix;

    WrappedUpdate(GradientApproximation gradient, TargetUpdate update, TargetWeight target) {
        super(update);
        this.target = target;
        prefix = gradient.name() + ".";
    }

    final TargetWeight target() {
        return target;
    }

    /** The approximation's own live arrays, by name. */
    abstract Map<String, INDArray> ownState();

    @Override
    public final Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>(super.state());
        ownState().forEach((name, array) -> state.put(prefix + name, array));
        return state;
    }

    @Override
    public final void restore(Map<String, INDArray> state) {
        Map<String, INDArray> others = new HashMap<>(state);
        others.keySet().removeIf(name -> name.startsWith(prefix));
        super.restore(others);
        ownState().forEach((name, live) -> SavedState.copy(state, prefix + name, live, target));
    }
}
