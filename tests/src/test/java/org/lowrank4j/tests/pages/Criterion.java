package org.lowrank4j.tests.pages;

import java.util.function.ToDoubleFunction;

/** What a learning rate is chosen by: the lowest of these. */
public enum Criterion {
    VALIDATION_LOSS("the lowest loss at the end on digits held out", Run::validationLoss),
    MEAN_LOSS("the lowest mean training loss over all steps, a rate that is fast and ends well", Run::meanLoss);

    /** For a page. */
    public final String words;

    private final ToDoubleFunction<Run> value;

    Criterion(String words, ToDoubleFunction<Run> value) {
        this.words = words;
        this.value = value;
    }

    double of(Run run) {
        return value.applyAsDouble(run);
    }
}
