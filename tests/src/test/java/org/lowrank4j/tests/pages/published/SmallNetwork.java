package org.lowrank4j.tests.pages.published;

import digits.DigitBatches;
import digits.DigitSet;
import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.compression.FactoredModel;
import org.lowrank4j.compression.RankChoice;
import org.lowrank4j.tests.pages.ModelFile;

/**
 * A trained network that was written with thin layers, as a model of stock DL4J, and read again without the agent.
 *
 * @param parameters of the file's network
 * @param accuracy share of the test digits that it recognises, 0 to 1
 */
record SmallNetwork(long parameters, double accuracy) {

    private static final int EVALUATION_BATCH = 1_000;

    /** Halvings of the energy's interval, enough to tell any two singular values apart. */
    private static final int HALVINGS = 20;

    /**
     * Writes and measures it.
     *
     * @param trained as the program left it
     * @param file where the factored model goes
     */
    static SmallNetwork of(MultiLayerNetwork trained, RankChoice choice, Path file, DigitSet test) throws IOException {
        ModelFile.write(FactoredModel.of(trained, choice), file);
        MultiLayerNetwork read = ModelSerializer.restoreMultiLayerNetwork(file.toFile(), false);
        return new SmallNetwork(
                read.numParams(),
                read.evaluate(DigitBatches.once(test, EVALUATION_BATCH)).accuracy());
    }

    /** The energy to cut a network's layers to, so that it has as many parameters as possible, and at most so many. */
    static double energyFor(MultiLayerNetwork trained, long parameters) {
        double fits = Double.MIN_NORMAL;
        double tooLarge = 1;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (fits + tooLarge) / 2;
            if (FactoredModel.of(trained, RankChoice.energy(middle)).numParams() <= parameters) {
                fits = middle;
            } else {
                tooLarge = middle;
            }
        }
        return fits;
    }
}
