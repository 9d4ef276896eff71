package org.lowrank4j.gradient;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FactorTarget;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Riemannian preconditioning of A and B (arXiv 2402.02347, as in the reference PEFT library): the gradient
 * of each factor is taken in the metric of the other one, so that both learn at a rate that does not depend on their sizes.
 *
 * <pre>
 * dA' = dA (B B^T + damping I)^-1
 * dB' = (A^T A + damping I)^-1 dB
 * </pre>
 *
 * <p>The user's updater works on dA' and dB'. Where B starts at 0, dA' is 0 as dA is. With SGD, rates are those of training W
 * itself, less 1/s^2; Adam takes the sizes out by itself, and what is left is how the r directions mix: its rates stay.
 *
 * <p>No state, two decompositions of r columns a step. Published with a damping of 1e-6; that of the library is 0.01.
 */
public final class Riemannian implements GradientApproximation {

    @Override
    public String name() {
        return "riemannian";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                "damping", "1e-2", "what is added to the diagonals before inversion, a number above 0"));
    }

    @Override
    public String defaultUpdate() {
        return "lora";
    }

    @Override
    public Optional<String> refusal(LowRankUpdate update) {
        return Needs.factors(update);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        double damping = target.optionsOf(this).positiveDouble("damping");
        FactorTarget factors = (FactorTarget) update;
        return new WrappedUpdate(update) {
            @Override
            public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
                try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                    Factors now = factors.factors();
                    INDArray ofA = Gram.inverse(Gram.ofRows(now.b()), damping);
                    INDArray ofB = Gram.inverse(Gram.ofColumns(now.a()), damping);
                    gradients[0].assign(gradients[0].castTo(DataType.DOUBLE).mmul(ofA));
                    gradients[1].assign(ofB.mmul(gradients[1].castTo(DataType.DOUBLE)));
                }
                super.beforeUpdater(gradients, updaterStates);
            }
        };
    }
}
