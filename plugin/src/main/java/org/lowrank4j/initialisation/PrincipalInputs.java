package org.lowrank4j.initialisation;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.IncrementalPca;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The principal components of one layer's inputs, as {@link Eva} needs them.
 *
 * <p>Published code skips a minibatch with fewer rows than components. Here its rows wait until enough have come, so that
 * small minibatches count too; what still waits at the end is added then. In memory are the components (components x
 * nIn doubles) and fewer waiting rows than components.
 */
public final class PrincipalInputs implements InputStatistics {

    private final String layer;
    private final String shortage;
    private final int components;
    private final double threshold;
    private final IncrementalPca pca;
    private final List<INDArray> waiting = new ArrayList<>();
    private long waitingRows;
    private int minibatches;
    private boolean settled;

    /**
     * No inputs yet.
     *
     * @param layer its name, for messages
     * @param inputs nIn
     * @param components how many to keep, and how many rows are needed
     * @param threshold the cosine with its direction before the last update from which a component counts as settled
     * @param shortage what to do when too few rows come, for the message
     */
    PrincipalInputs(String layer, int inputs, int components, double threshold, String shortage, Random random) {
        this.layer = layer;
        this.shortage = shortage;
        this.components = components;
        this.threshold = threshold;
        this.pca = new IncrementalPca(inputs, components, random);
    }

    @Override
    public void observe(INDArray x) {
        minibatches++;
        if (x.isEmpty()) {
            return;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            waiting.add(x.castTo(DataType.DOUBLE).dup());
            waitingRows += x.size(0);
            if (waitingRows >= components) {
                boolean first = pca.rows() == 0;
                INDArray before = first ? null : pca.components();
                addWaiting();
                settled = isClose(before);
            }
        }
    }

    /** Whether all components that have a variance are, up to their sign, within the threshold of what they were. */
    private boolean isClose(@Nullable INDArray before) {
        if (before == null) {
            return false;
        }
        INDArray cosines = before.mul(pca.components()).sum(0);
        for (int i = 0; i < pca.varying(); i++) {
            if (!(Math.abs(cosines.getDouble(i)) >= threshold)) {
                return false;
            }
        }
        return true;
    }

    private void addWaiting() {
        INDArray rows = waiting.size() == 1 ? waiting.get(0) : Nd4j.vstack(waiting.toArray(new INDArray[0]));
        try {
            pca.add(rows);
        } catch (LowRankException refused) {
            throw new LowRankException(
                    "The inputs of layer " + layer + " have no principal components. " + refused.getMessage(), refused);
        }
        waiting.clear();
        waitingRows = 0;
    }

    @Override
    public boolean settled() {
        return settled;
    }

    /**
     * The components of all rows seen.
     *
     * @throws LowRankException if there were fewer rows than components to keep
     */
    public IncrementalPca components() {
        if (pca.rows() + waitingRows < components) {
            throw new LowRankException("eva needs at least " + components + " rows of inputs of layer " + layer
                    + " for as many principal components, and " + waitingRows + " came in " + minibatches
                    + (minibatches == 1 ? " minibatch. " : " minibatches. ") + shortage);
        }
        if (waitingRows > 0) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                addWaiting();
            }
        }
        return pca;
    }
}
