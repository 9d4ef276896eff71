package org.lowrank4j.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;

/**
 * The graph of a graph's gradients, which SameDiff makes itself. Of it alone something is changed, and every gradient stays
 * what it was: where a product of a target has one operation for the gradients of both of its factors, that of the input gets
 * one of its own, so that dL/dW is formed only if somebody asks for it.
 */
final class GradientFunction {

    private static final String NAME = "grad";

    private GradientFunction() {}

    /** What a step must compute to know dL/dW of one target: dL/dW itself, or the rows and deltas that it is the product of. */
    record Wanted(GraphTarget target, List<String> names) {}

    /**
     * That of a graph, made if there is none yet.
     *
     * @param constants that need a gradient, too
     */
    static SameDiff of(SameDiff graph, Collection<String> constants) {
        SameDiff present = graph.getFunction(NAME);
        boolean complete = present != null
                && constants.stream()
                        .allMatch(constant -> present.getVariable(constant).hasGradient());
        if (!complete) {
            GraphAttachment.of(graph).remove(NAME);
            graph.createGradFunction(constants.toArray(new String[0]));
        }
        SameDiff gradients = graph.getFunction(NAME);
        // With it every pass of a session after the first may get wrong gradients from the library's losses.
        gradients.setEnableCache(false);
        return gradients;
    }

    /** What a step must compute for a target. */
    static Wanted wanted(SameDiff gradients, GraphTarget target) {
        GraphWeight weight = target.weight();
        SDVariable gradient = gradients.getVariable(weight.name()).gradient();
        if (gradient == null) {
            throw new LowRankException("The loss does not depend on '" + weight.name()
                    + "' in a way that SameDiff can differentiate, so it cannot be adapted. Take it out of layers, or leave it"
                    + " out (exclude=" + weight.name() + ").");
        }
        SameDiffOp product = gradients.getOps().get(weight.product());
        SDVariable deltas = product == null
                ? null
                : gradients.getVariable(product.getOutputsOfOp().get(0)).gradient();
        if (product == null || deltas == null) {
            return new Wanted(target, List.of(gradient.name()));
        }
        split(gradients, product, gradient, deltas);
        return new Wanted(target, List.of(product.getInputsToOp().get(0), deltas.name()));
    }

    /** Gives the gradient of a product's input an operation of its own. */
    private static void split(SameDiff gradients, SameDiffOp product, SDVariable ofWeight, SDVariable deltas) {
        SameDiffOp both = maker(gradients, ofWeight.name());
        if (both == null || !both.getOp().opName().equals("matmul_bp")) {
            return;
        }
        String ofInput = both.getOutputsOfOp().get(0);
        Variable old = variable(gradients, ofInput);
        @Nullable List<String> consumers = old.getInputsForOp();
        if (consumers == null || consumers.isEmpty()) {
            return;
        }
        SDVariable weight = gradients.getVariable(product.getInputsToOp().get(1));
        boolean transposed = WeightPosition.transposes((Mmul) product.getOp(), 1);
        SDVariable alone = gradients.mmul(deltas, weight, false, !transposed, false);
        for (String consumer : new ArrayList<>(consumers)) {
            SameDiffOp operation = Objects.requireNonNull(gradients.getOps().get(consumer), consumer);
            for (int i = 0; i < operation.getInputsToOp().size(); i++) {
                if (operation.getInputsToOp().get(i).equals(ofInput)) {
                    gradients.replaceArgFor(i, alone, operation.getOp());
                }
            }
        }
        old.setInputsForOp(new ArrayList<>());
    }

    private static Variable variable(SameDiff gradients, String name) {
        return Objects.requireNonNull(gradients.getVariables().get(name), name);
    }

    private static @Nullable SameDiffOp maker(SameDiff gradients, String variable) {
        String name = variable(gradients, variable).getOutputOfOp();
        return name == null ? null : gradients.getOps().get(name);
    }
}
