package org.lowrank4j.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.graph.SampleGraphs.Kind;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Creation;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.RuleBook;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.Operation;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

class GraphTrainingTest {

    private static final Methods METHODS = Methods.load();

    private static Plan plan(SameDiff graph, Map<String, String> rule) {
        NetworkShape shape = GraphShape.of(graph).network();
        return RuleBook.read(rule, new Properties(), Map.of())
                .ruleFor(Creation.of(shape, 1, List.of()))
                .orElseThrow()
                .plan(shape, METHODS);
    }

    private static GraphTraining training(SameDiff graph, Map<String, String> rule) {
        GraphTraining training = new GraphTraining(plan(graph, rule), GraphShape.of(graph), graph, METHODS);
        training.fitBegins(graph);
        return training;
    }

    private static double step(GraphTraining training, SameDiff graph, DataSet batch) {
        At at = At.builder().epoch(0).iteration(0).operation(Operation.TRAINING).build();
        return training.iteration(
                        graph.getTrainingConfig(),
                        Map.of("x", batch.getFeatures(), "y", batch.getLabels()),
                        batch.toMultiDataSet(),
                        graph.getLossVariables(),
                        null,
                        at)
                .totalLoss();
    }

    /** Every entry of A and B, by differences of the fourth order of the loss of the user's graph with W moved. */
    @ParameterizedTest
    @EnumSource
    void gradientsAreTheDerivativesOfTheLoss(Kind kind) {
        SameDiff graph = SampleGraphs.graph(kind, new Sgd(1));
        GraphTraining training = training(graph, Map.of("rank", "2", "seed", "5"));
        DataSet batch = SampleGraphs.batch(kind, 5, 99);
        // B starts as 0.
        step(training, graph, SampleGraphs.batch(kind, 5, 98));
        step(training, graph, SampleGraphs.batch(kind, 5, 97));
        Map<String, INDArray> expected = new LinkedHashMap<>();
        Map<String, INDArray> before = new LinkedHashMap<>();
        for (GraphTarget target : training.targets()) {
            for (int i = 0; i < 2; i++) {
                String name = target.target().layer() + "/"
                        + target.update().tensors().get(i).name();
                expected.put(name, differences(target, i, graph, batch));
                before.put(name, value(target, i).dup());
            }
        }
        double loss = SampleGraphs.loss(graph, batch);
        assertEquals(loss, step(training, graph, batch), 1e-12, "the true loss");
        double worst = 0;
        for (GraphTarget target : training.targets()) {
            for (int i = 0; i < 2; i++) {
                String name = target.target().layer() + "/"
                        + target.update().tensors().get(i).name();
                INDArray gradient = before.get(name).sub(value(target, i));
                INDArray numeric = expected.get(name);
                assertTrue(numeric.norm2Number().doubleValue() > 1e-6, name + " matters");
                for (long row = 0; row < gradient.rows(); row++) {
                    for (long column = 0; column < gradient.columns(); column++) {
                        double one = gradient.getDouble(row, column);
                        double other = numeric.getDouble(row, column);
                        double error = Math.abs(one - other);
                        worst = Math.max(worst, error < 1e-10 ? 0 : error / (Math.abs(one) + Math.abs(other)));
                    }
                }
            }
        }
        assertTrue(worst < 1e-7, kind + ": " + worst);
    }

    private static INDArray value(GraphTarget target, int tensor) {
        TrainedTensor trained = target.update().tensors().get(tensor);
        return Objects.requireNonNull(trained.value());
    }

    private static INDArray differences(GraphTarget target, int tensor, SameDiff graph, DataSet batch) {
        INDArray weight = target.target().weight();
        INDArray w = weight.dup();
        INDArray a = value(target, 0);
        INDArray b = value(target, 1);
        INDArray value = value(target, tensor);
        INDArray result = value.dup();
        double step = 1e-3;
        for (long row = 0; row < value.rows(); row++) {
            for (long column = 0; column < value.columns(); column++) {
                double sum = 0;
                int[] places = {1, -1, 2, -2};
                double[] weights = {8, -8, -1, 1};
                for (int k = 0; k < places.length; k++) {
                    INDArray direction = value.like();
                    direction.putScalar(
                            row, column, places[k] * step * target.target().scale());
                    INDArray move = tensor == 0 ? direction.mmul(b) : a.mmul(direction);
                    weight.assign(w.add(move));
                    sum += weights[k] * SampleGraphs.loss(graph, batch);
                }
                result.putScalar(row, column, sum / (12 * step));
            }
        }
        weight.assign(w);
        return result;
    }

    @ParameterizedTest
    @EnumSource
    void theUsersGraphStaysAsItIs(Kind kind) {
        SameDiff graph = SampleGraphs.graph(kind, new Sgd(0.1));
        Set<String> operations = Set.copyOf(graph.getOps().keySet());
        Set<String> variables = Set.copyOf(graph.variableMap().keySet());
        GraphTraining training = training(graph, Map.of("rank", "2"));
        step(training, graph, SampleGraphs.batch(kind, 4, 1));
        assertEquals(operations, Set.copyOf(graph.getOps().keySet()));
        assertEquals(variables, Set.copyOf(graph.variableMap().keySet()));
    }

    @Test
    void noGradientOfAWeightIsFormedWhereItsRowsShow() {
        SameDiff graph = SampleGraphs.graph(Kind.BLOCK, new Sgd(0.1));
        GraphTraining training = training(graph, Map.of("rank", "2"));
        assertEquals(7, training.targets().size());
        training.targets()
                .forEach(target ->
                        assertTrue(target.weight().showsRows(), target.weight().name()));
        SameDiff tied = SampleGraphs.graph(Kind.TIED, new Sgd(0.1));
        List<GraphTarget> targets = training(tied, Map.of("rank", "2")).targets();
        assertFalse(targets.get(0).weight().showsRows(), "W is in two products");
        assertTrue(targets.get(1).weight().showsRows(), "V W^T");
    }
}
