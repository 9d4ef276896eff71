package org.lowrank4j.tests.agent.program;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.annotation.LowRank;

/** A job that says in its source which of its two networks trains with adapters. */
public final class AnnotatedJob {

    @LowRank(rank = 2, id = "adapted")
    private final MultiLayerNetwork adapted;

    private final MultiLayerNetwork stock;

    private AnnotatedJob() {
        adapted = Training.network();
        stock = Training.network();
    }

    public static void main(String[] arguments) throws Exception {
        AnnotatedJob job = new AnnotatedJob();
        Training.fit(job.adapted);
        Training.fit(job.stock);
        Training.report("adapted.", job.adapted);
        Training.report("stock.", job.stock);
    }
}
