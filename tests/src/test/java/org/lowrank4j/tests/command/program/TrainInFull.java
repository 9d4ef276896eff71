package org.lowrank4j.tests.command.program;

import java.io.File;
import java.io.IOException;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** A job of a thousand steps on a saved model, which says so at its end. */
public final class TrainInFull {

    private TrainInFull() {}

    public static void main(String[] arguments) throws IOException {
        MultiLayerNetwork network = MultiLayerNetwork.load(new File(arguments[0]), true);
        Nd4j.getRandom().setSeed(1);
        DataSet data = new DataSet(
                Nd4j.randn(64, 24), Transforms.softmax(Nd4j.randn(64, 24).mmul(Nd4j.randn(24, 4))));
        for (int i = 0; i < 1000; i++) {
            network.fit(data);
        }
        System.out.println("result the job has ended");
    }
}
