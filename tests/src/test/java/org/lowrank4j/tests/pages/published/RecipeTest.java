package org.lowrank4j.tests.pages.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.tests.pages.Arguments;
import org.nd4j.linalg.learning.config.IUpdater;

class RecipeTest {

    private static final Recipe RECIPE = new Recipe(List.of(200, 200), 1000, 64, 4, 50, 0, 200, 1e-5);

    @Test
    void itsArgumentsReadAsItself() {
        Arguments options = Recipe.declare(new Arguments("Test", ""));
        for (Recipe recipe : List.of(RECIPE, RECIPE.first(1), RECIPE.after(1))) {
            assertEquals(recipe, Recipe.of(options.parse(recipe.arguments().toArray(String[]::new))));
        }
    }

    @Test
    void bothPartsOfATrainingMakeItUp() {
        assertEquals(RECIPE.steps(), RECIPE.first(1).steps() + RECIPE.after(1).steps());
        assertEquals(RECIPE.first(1).steps(), RECIPE.after(1).begin());
    }

    @Test
    void theNetworkHasItsParameters() {
        MultiLayerNetwork network = RECIPE.network(Optimiser.ADAM, 1e-3, 1);
        assertEquals(199_210, RECIPE.parameters());
        assertEquals(RECIPE.parameters(), network.numParams());
    }

    @Test
    void theRateFallsToNothing() {
        IUpdater updater = ((BaseLayer) RECIPE.network(Optimiser.MOMENTUM, 0.2, 1)
                        .getLayer(0)
                        .conf()
                        .getLayer())
                .getIUpdater();
        assertEquals(0.2, updater.getLearningRate(0, 0), 1e-12);
        assertEquals(0.1, updater.getLearningRate(100, 0), 1e-12);
        assertEquals(0.01, updater.getLearningRate(199, 0), 1e-12);
        double last = 1;
        for (int step = 0; step < 200; step++) {
            double rate = updater.getLearningRate(step, 0);
            assertTrue(rate <= last, "at " + step);
            last = rate;
        }
    }
}
