package org.lowrank4j.update;

import java.util.List;
import java.util.Optional;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;

/**
 * Maestro (arXiv 2308.14929, algorithm 1, and the released code): W = A B with A nIn x k and B k x nOut trained, k = min(nIn,
 * nOut), so that the first b components are the best rank-b weight for every b at once, and components that the loss can do
 * without vanish.
 *
 * <pre>
 * start:       A = U sqrt(S), B = sqrt(S) V^T of W = U S V^T
 * one step:    W = A[:, :b] B[:b] in one layer at one width b, all other layers at their full rank; the pairs of layer
 *              and width take turns in random order, each once a round
 * gradients:   dA[:, :b] = G B[:b]^T, dB[:b] = A[:, :b]^T G, the rest 0
 *              + lasso * d/dA, d/dB of sum over i of |A[:, i:]|_F + |B[i:]|_F      (mean over the minibatch)
 * shrinking:   the rank falls to the number of components i with |A[:, i:]|_F |B[i:]|_F &gt;= threshold
 * </pre>
 *
 * <p>Between steps W is A B at full rank. With y the labels, p(x) what the network answers at full rank and q(x) what it
 * answers at the width of the step, the loss of a step is
 *
 * <pre>
 * loss=partial:     CE(q(x), y)                   one pass, as in the released runs on MNIST ("no full pass")
 * loss=distilled:   CE(p(x), y) + CE(q(x), p(x))  p(x) in the second term held fixed; the released code's default
 * </pre>
 *
 * <p>{@code distilled} takes one more forward and two backward passes in the place of one, and a copy of the gradients of
 * all that is trained; listeners, running statistics and the score are those of the pass at full rank. With {@code partial}
 * they are those of the reduced network. {@code distilled} needs output layers with a softmax and the cross-entropy.
 * Ranks shrink before the first
 * step of an epoch, as published, or every N steps with {@code shrink=N}. {@code loss} and {@code shrink} are the same for
 * all layers of a network. What has vanished stays 0, whatever momentum the
 * updater has. {@link org.lowrank4j.compression.FactoredModel} makes the smaller network.
 *
 * <p>W is the product, so what a program writes to W is decomposed like the W of the start before the next step: it moves by
 * rounding, and all of its rank trains again.
 *
 * <p>{@code rank}, {@code alpha} and {@code scaling} have no effect: published is the start at full rank. So training is
 * larger than that of W, k (nIn + nOut) numbers, and only its result is smaller. The released runs on MNIST have lasso 1e-6
 * and threshold 1e-5; those on CIFAR-10 a lasso of 8e-6 to 5.12e-4.
 */
public final class Maestro implements OwnUpdate {

    private static final String SHRINK = "shrink";

    /** What a step minimises. */
    enum Loss {
        PARTIAL,
        DISTILLED
    }

    @Override
    public String name() {
        return "maestro";
    }

    @Override
    public boolean usesRank() {
        return false;
    }

    @Override
    public Optional<String> constraintRefusal() {
        return Optional.of(
                "W is a product of factors there, which would have to be made anew from the constrained W after"
                        + " every step, and no rank would ever fall");
    }

    @Override
    public boolean learnsFromScratch() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("lasso", "1e-6", "the weight of the hierarchical group lasso in the loss"),
                new MethodOption("threshold", "1e-5", "components of a smaller importance are taken away"),
                new MethodOption(
                        "loss",
                        "partial",
                        "partial: that of the reduced network alone; distilled: that of the full network, and that of the"
                                + " reduced one for the full one's answers"),
                new MethodOption(SHRINK, "epoch", "when ranks shrink: epoch, or a number of steps"));
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        return new MaestroTarget(
                target,
                options.between("lasso", 0, Double.POSITIVE_INFINITY),
                options.between("threshold", 0, Double.POSITIVE_INFINITY),
                options.text(SHRINK).equals("epoch") ? 0 : options.positiveInt(SHRINK),
                options.choice("loss", Loss.class));
    }
}
