package org.lowrank4j.tests.command.program;

import java.io.File;
import java.io.IOException;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Trains a saved model for one more step, as the rules of this JVM say. */
public final class GoOnTraining {

    private GoOnTraining() {}

    public static void main(String[] arguments) throws IOException {
        MultiLayerNetwork network = MultiLayerNetwork.load(new File(arguments[0]), true);
        network.fit(new DataSet(Nd4j.ones(4, 24), Nd4j.eye(4)));
        System.out.println("result score " + network.score());
    }
}
