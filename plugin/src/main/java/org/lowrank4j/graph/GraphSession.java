package org.lowrank4j.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.graph.GradientFunction.Wanted;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.Listener;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.TrainingSession;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * SameDiff's own training session, whose passes compute in addition what the targets need. What trains in full it trains
 * itself; the targets step when its pass is over, before any listener hears that the iteration is done.
 */
final class GraphSession extends TrainingSession {

    private final GraphTraining training;
    private final List<Wanted> wanted;

    GraphSession(SameDiff gradients, GraphTraining training, List<Wanted> wanted) {
        super(gradients);
        this.training = training;
        this.wanted = wanted;
    }

    @Override
    public Map<String, INDArray> output(
            List<String> variables,
            Map<String, INDArray> placeholders,
            @Nullable MultiDataSet batch,
            Collection<String> required,
            @Nullable List<Listener> listeners,
            At at) {
        Set<String> all = new LinkedHashSet<>(variables);
        // Stock reports a loss of 0 where no gradient needs the loss itself.
        all.addAll(lossVarsToLossIdx.keySet());
        wanted.forEach(one -> all.addAll(one.names()));
        Map<String, INDArray> made = super.output(new ArrayList<>(all), placeholders, batch, required, listeners, at);
        Map<GraphTarget, List<INDArray>> gradients = new LinkedHashMap<>();
        for (Wanted one : wanted) {
            gradients.put(one.target(), one.names().stream().map(made::get).toList());
        }
        training.step(gradients, config, at.iteration(), at.epoch());
        return made;
    }
}
