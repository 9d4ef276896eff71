package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjIntConsumer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/** One of the things that turn the mean gradients of a minibatch into its step. */
interface Stage {

    void run(Step step);

    /** @param normalisation DL4J's gradient normalisation, of a segment at an iteration */
    record Step(int iteration, int epoch, LayerWorkspaceMgr workspaces, ObjIntConsumer<Segment> normalisation) {}

    /**
     * All of them, in the order in which DL4J does what it has of them.
     *
     * @param whole an approximation of the gradient of the whole network, null for none
     */
    static List<Stage> all(List<AdaptedMatrix> matrices, Updaters updaters, @Nullable WholeGradient whole) {
        List<Stage> stages = new ArrayList<>();
        stages.add(step -> updaters.askRates(step.iteration(), step.epoch()));
        stages.add(step ->
                updaters.segments().forEach(segment -> step.normalisation().accept(segment, step.iteration())));
        matrices.stream()
                .filter(matrix -> matrix.update().movesUpdaterState())
                .<Stage>map(
                        matrix -> step -> matrix.update().beforeUpdater(matrix.gradients(), updaters.states(matrix)))
                .forEach(stages::add);
        stages.add(regularisation(ApplyStep.BEFORE_UPDATER, matrices, updaters));
        if (whole != null) {
            stages.add(step -> {
                try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                    whole.replace();
                }
            });
        }
        Stage decay = regularisation(ApplyStep.POST_UPDATER, matrices, updaters);
        stages.add(step -> updaters.update(step.iteration(), step.epoch(), step.workspaces(), () -> decay.run(step)));
        return stages;
    }

    /** The user's l1 and l2, or weight decay, of the matrices; the updaters apply those of what is trained in place. */
    private static Stage regularisation(ApplyStep when, List<AdaptedMatrix> matrices, Updaters updaters) {
        List<AdaptedMatrix> penalised = matrices.stream()
                .filter(matrix -> matrix.terms().stream().anyMatch(term -> term.applyStep() == when))
                .toList();
        return step -> {
            for (AdaptedMatrix matrix : penalised) {
                double[] rates = updaters.learningRates(matrix, step.iteration(), step.epoch());
                for (Regularization term : matrix.terms()) {
                    if (term.applyStep() == when) {
                        matrix.update().regularise(term, matrix.gradients(), rates, step.iteration(), step.epoch());
                    }
                }
            }
        };
    }
}
