package org.lowrank4j.reference;

import org.lowrank4j.loss.StableMax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** StableMax cross entropy and its gradient; the cases average over the examples. */
public final class StablemaxReference implements Reference {

    @Override
    public String method() {
        return "stablemax";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray logits = given.input("logits", type);
        INDArray labels = given.input("labels_one_hot", type);
        int examples = (int) logits.size(0);
        INDArray transformed = Nd4j.create(DataType.DOUBLE, logits.shape());
        for (long i = 0; i < logits.length(); i++) {
            transformed.putScalar(i, StableMax.transformed(logits.getDouble(i)));
        }
        outcome.put("s_values", transformed);
        outcome.put("probabilities", transformed.divColumnVector(transformed.sum(true, 1)));
        StableMax loss = new StableMax();
        LossMCXENT own = new LossMCXENT();
        double[] each = new double[examples];
        for (int i = 0; i < examples; i++) {
            each[i] = loss.score(labels.getRow(i, true), logits.getRow(i, true), own, null);
        }
        outcome.put("loss_per_example", each);
        outcome.put("loss", loss.score(labels, logits, own, null) / examples);
        outcome.put(
                "dx",
                loss.gradient(labels, logits, own, null).castTo(DataType.DOUBLE).div(examples));
    }
}
