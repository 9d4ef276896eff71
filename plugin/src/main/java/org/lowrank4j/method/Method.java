package org.lowrank4j.method;

import java.util.List;

/**
 * A named choice for one of the three questions that every low-rank method answers: how the factors start
 * ({@link org.lowrank4j.initialisation.Initialisation}), what stands in for dL/dW
 * ({@link org.lowrank4j.gradient.GradientApproximation}) and how a step changes W
 * ({@link org.lowrank4j.update.LowRankUpdate}); or for the updater that runs on what trains
 * ({@link org.lowrank4j.updater.Updater}) or the loss that all of it minimises ({@link org.lowrank4j.loss.TrainingLoss}).
 *
 * <p>Implementations are stateless and have a public no-argument constructor. They are found through
 * {@link java.util.ServiceLoader}, so a user adds one with a class and a line in {@code META-INF/services}.
 */
public interface Method {

    /**
     * The name that users write in an annotation, a file or an agent argument: lower case, words joined by hyphens,
     * unique within its extension point. Example: {@code "lora-ga"}.
     */
    String name();

    /**
     * The options that this method understands, written {@code name.option=value} by users (for example {@code
     * galore.refresh=200}). An option that no chosen method declares is an error with the nearest known one.
     */
    default List<MethodOption> options() {
        return List.of();
    }
}
