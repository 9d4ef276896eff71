package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.LowRankException;
import org.lowrank4j.compression.ForwardPasses.Target;
import org.lowrank4j.initialisation.Eigenspace;
import org.lowrank4j.initialisation.SecondMoment;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.method.Factors;
import org.lowrank4j.network.ModelWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/**
 * EoRA without training (arXiv 2410.21271, section 3): makes up, by a product A B of rank r, for what quantising or
 * pruning did to the weights of a network, where the layers' inputs say that it matters most. The agent is not needed.
 *
 * <pre>{@code
 * List<CompensatedLayer> layers =
 *         new EoraCompensation(16).apply(ModelWeights.of(original), compressed, calibration);
 * }</pre>
 *
 * <p>Layers are compensated one after the other in the order of the forward pass, as published: each with the inputs that
 * it gets once those before it are compensated. W becomes W + A B in place; biases stay. Layers whose kind shows
 * the rows that they multiply by W are compensated, whether they are frozen or not, and others are left alone. For each of them all calibration batches pass through the network once.
 *
 * <p>If anything fails, all weights are as they were. Meanwhile nobody else may use the compressed network.
 *
 * @param rank r, at least 1; a layer with a shorter side gets that one, which makes up for everything
 * @param batches how many minibatches are read from an iterator at most
 */
public record EoraCompensation(int rank, int batches) {

    /** What the released code reads. */
    private static final int PUBLISHED_SAMPLES = 64;

    public EoraCompensation {
        if (rank < 1 || batches < 1) {
            throw new LowRankException("EoRA needs a rank of at least 1 and at least 1 calibration batch, and rank "
                    + rank + " with " + batches + " batches was asked for.");
        }
    }

    /** With up to 64 minibatches. */
    public EoraCompensation(int rank) {
        this(rank, PUBLISHED_SAMPLES);
    }

    /**
     * Compensates a network.
     *
     * @param original the weights before compression
     * @param compressed the network to change
     * @param calibration read from where it stands; its labels are not looked at
     * @return one entry per compensated layer, in their order
     * @throws LowRankException if a layer is missing in the original or has another shape there, if there is no layer to
     *     compensate, no calibration batch, or an input that is not finite
     */
    public List<CompensatedLayer> apply(
            ModelWeights original, MultiLayerNetwork compressed, DataSetIterator calibration) {
        return apply(original, new MultiLayerPasses(compressed), Calibration.of(calibration, batches));
    }

    /**
     * Compensates a network.
     *
     * @param calibration one minibatch of inputs, examples first; otherwise as {@link #apply(ModelWeights,
     *     MultiLayerNetwork, DataSetIterator)}
     */
    public List<CompensatedLayer> apply(ModelWeights original, MultiLayerNetwork compressed, INDArray calibration) {
        return apply(original, new MultiLayerPasses(compressed), Calibration.of(calibration));
    }

    /** Compensates a network; otherwise as {@link #apply(ModelWeights, MultiLayerNetwork, DataSetIterator)}. */
    public List<CompensatedLayer> apply(
            ModelWeights original, ComputationGraph compressed, MultiDataSetIterator calibration) {
        return apply(original, new GraphPasses(compressed), Calibration.of(calibration, batches));
    }

    /**
     * Compensates a network.
     *
     * @param calibration one minibatch, with an array for each input of the network; otherwise as {@link
     *     #apply(ModelWeights, MultiLayerNetwork, DataSetIterator)}
     */
    public List<CompensatedLayer> apply(ModelWeights original, ComputationGraph compressed, INDArray... calibration) {
        return apply(original, new GraphPasses(compressed), Calibration.of(calibration));
    }

    private List<CompensatedLayer> apply(ModelWeights original, ForwardPasses network, Calibration calibration) {
        List<Target> targets = network.targets();
        if (targets.isEmpty()) {
            throw new LowRankException("The network has no layer that EoRA compensates: none of type "
                    + LayerKinds.types(kind -> kind.inputRows() != null) + ".");
        }
        List<INDArray> exact = new ArrayList<>();
        List<INDArray> before = new ArrayList<>();
        for (Target target : targets) {
            INDArray weight = target.weight();
            exact.add(original.weight(target.name(), weight.size(0), weight.size(1)));
            before.add(weight.dup());
        }
        List<CompensatedLayer> done = new ArrayList<>();
        try {
            for (int i = 0; i < targets.size(); i++) {
                done.add(compensate(targets.get(i), exact.get(i), inputs(network, targets.get(i), calibration)));
            }
            return List.copyOf(done);
        } finally {
            if (done.size() < targets.size()) {
                for (int i = 0; i < targets.size(); i++) {
                    targets.get(i).weight().assign(before.get(i));
                }
            }
        }
    }

    private static Eigenspace inputs(ForwardPasses network, Target target, Calibration calibration) {
        SecondMoment moment = new SecondMoment(target.weight().size(0));
        for (Batch batch : calibration.batches()) {
            INDArray rows = network.inputs(target, batch);
            if (rows != null) {
                moment.observe(rows);
            }
        }
        try {
            return Eigenspace.of(moment.mean());
        } catch (LowRankException unusable) {
            throw new LowRankException(
                    "Layer " + target.name() + " cannot be compensated. " + unusable.getMessage(), unusable);
        }
    }

    private CompensatedLayer compensate(Target target, INDArray exact, Eigenspace inputs) {
        INDArray weight = target.weight();
        INDArray original = exact.castTo(DataType.DOUBLE);
        INDArray residual = original.sub(weight.castTo(DataType.DOUBLE));
        int pairs = (int) Math.min(rank, Math.min(weight.size(0), weight.size(1)));
        Factors factors = inputs.compensation(residual, pairs, 1);
        weight.assign(weight.castTo(DataType.DOUBLE).add(factors.a().mmul(factors.b())));
        return new CompensatedLayer(
                target.name(),
                factors.a(),
                factors.b(),
                inputs.outputError(residual),
                inputs.outputError(original.sub(weight.castTo(DataType.DOUBLE))));
    }
}
