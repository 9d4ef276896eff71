package org.lowrank4j.gradient;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.regularization.Regularization;

/** Decay terms that act at the end of the step that asked for them, and are forgotten with it. */
final class PutOffDecay {

    private static final INDArray NOTHING = Nd4j.zeros(DataType.DOUBLE, 1);

    private final List<Term> terms = new ArrayList<>();

    /**
     * One term with what it is to be applied with.
     *
     * @param tensor number of the tensor that it acts on
     */
    record Term(int tensor, Regularization regularization, double rate, int iteration, int epoch) {
        void apply(INDArray value, INDArray change) {
            regularization.apply(value, change, rate, iteration, epoch);
        }
    }

    /** Puts a term off. What its schedule throws it throws now, while nothing has moved. */
    void add(int tensor, Regularization regularization, double rate, int iteration, int epoch) {
        Term term = new Term(tensor, regularization, rate, iteration, epoch);
        term.apply(NOTHING, NOTHING.like());
        terms.add(term);
    }

    /** The terms that were put off, which are forgotten here. */
    List<Term> take() {
        List<Term> taken = List.copyOf(terms);
        terms.clear();
        return taken;
    }

    void forget() {
        terms.clear();
    }
}
