package org.lowrank4j.graph;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.report.PlanReport;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.Target;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;

/** What a plan makes of a graph, found out before any of it is taken. */
final class GraphReport {

    private long gradients;
    private long states;
    private long stockGradients;
    private long stockStates;
    private long methodBytes;

    private GraphReport() {}

    static String text(Plan plan, GraphShape shape, SameDiff graph, Methods methods) {
        return new GraphReport().measured(plan, shape, graph, methods);
    }

    private String measured(Plan plan, GraphShape shape, SameDiff graph, Methods methods) {
        OnGraphs.require(plan, methods);
        UnaryOperator<IUpdater> chosen = GraphTraining.chosen(plan);
        IUpdater updater = graph.getTrainingConfig().getUpdater();
        Attaching attaching = new Attaching(plan, shape, graph, methods, Kept::measuring);
        Map<String, Long> entries = new LinkedHashMap<>();
        Kept largest = new Kept("", DataType.FLOAT);
        String most = "";
        for (Target planned : plan.targets()) {
            TargetWeight target = attaching.weight(planned);
            long trained = 0;
            for (TrainedTensor tensor : attaching.update(planned, target).tensors()) {
                trained += tensor.length();
            }
            entries.put(planned.key(), trained);
            int width = target.dataType().width();
            gradients += trained * width;
            states += chosen.apply(updater).stateSize(trained) * width;
            methodBytes += target.kept().bytes();
            if (target.kept().bytes() > largest.bytes()) {
                largest = target.kept();
                most = planned.key();
            }
        }
        for (String name : GraphTraining.trainedInFull(plan, graph)) {
            INDArray array = graph.getVariable(name).getArr();
            gradients += array.length() * array.dataType().width();
            states += chosen.apply(updater).stateSize(array.length())
                    * array.dataType().width();
        }
        graph.variables().stream()
                .filter(variable -> variable.getVariableType() == VariableType.VARIABLE)
                .filter(variable -> variable.dataType().isFPType())
                .forEach(variable -> {
                    INDArray array = variable.getArr();
                    stockGradients += array.length() * array.dataType().width();
                    stockStates +=
                            updater.stateSize(array.length()) * array.dataType().width();
                });
        return PlanReport.text(
                plan,
                entries,
                OptionalLong.empty(),
                new PlanReport.Memory(
                        gradients,
                        states,
                        stockGradients,
                        stockStates,
                        methodBytes,
                        methodBytes == 0 ? "" : "most in " + most + ": " + largest.text()));
    }
}
