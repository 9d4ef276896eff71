package org.lowrank4j.update;

import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The weight W0 that a change of W is made of, and cannot be found again from W: W as it was when training began, or as
 * somebody else has written it since.
 */
final class BaseWeight {

    /** Why constraints cannot hold for such a W, as part of a sentence. */
    static final String CONSTRAINT_REFUSAL =
            "W is made of the weight that training began with, and would begin anew from the constrained W after every"
                    + " step";

    private final INDArray weight;
    private final INDArray base;
    private final WeightMark mark;

    BaseWeight(TargetWeight target) {
        weight = target.weight();
        base = target.kept().array("base", weight.ordering(), weight.shape());
        mark = new WeightMark(weight, target.kept(), "moved");
    }

    /** W0, nIn x nOut, in the order of W; only read. */
    INDArray value() {
        return base;
    }

    /** W is the base from now on. */
    void take() {
        base.assign(weight);
        mark.set();
    }

    /** The update has moved W. */
    void moved() {
        mark.set();
    }

    /** Whether somebody else has written to W since. */
    boolean isOverwritten() {
        return mark.written();
    }
}
