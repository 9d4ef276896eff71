package org.lowrank4j.tests.pages;

import java.util.Locale;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ISchedule;

/** The updater that the program asks DL4J for. */
public enum Optimiser {
    SGD,
    /** Nesterov's, 0.9. */
    MOMENTUM,
    ADAM;

    IUpdater with(ISchedule rate) {
        return switch (this) {
            case SGD -> new Sgd(rate);
            case MOMENTUM -> new Nesterovs(rate, 0.9);
            case ADAM -> new Adam(rate);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
