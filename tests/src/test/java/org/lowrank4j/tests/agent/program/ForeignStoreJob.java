package org.lowrank4j.tests.agent.program;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.annotation.LowRank;

/** A job that stores networks in annotated fields of other classes: first one that cannot be seen, then one that can. */
public final class ForeignStoreJob {

    @LowRank(rank = 2)
    private static MultiLayerNetwork ofJob;

    private ForeignStoreJob() {}

    /** Loaded after the code that stores there. */
    private static final class State {
        @LowRank(rank = 2)
        private MultiLayerNetwork ofState;
    }

    /** Loaded after the class around it. */
    private static final class Maker {
        static void make() {
            ofJob = Training.network();
        }
    }

    public static void main(String[] arguments) throws Exception {
        State state = new State();
        state.ofState = Training.network();
        Training.fit(state.ofState);
        Maker.make();
        Training.fit(ofJob);
        Training.report("", ofJob);
    }
}
