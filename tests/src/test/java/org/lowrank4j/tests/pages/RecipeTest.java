package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.shade.jackson.core.type.TypeReference;

class RecipeTest {

    private static final Recipe RECIPE = new Recipe(List.of(200, 200), false, 1000, 64, 4, 50, 1_000, 0, 200, 1e-5);

    @Test
    void aFileKeepsIt(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("recipe.json");
        Json.write(file, RECIPE);
        assertEquals(RECIPE, Json.read(file, new TypeReference<Recipe>() {}));
    }

    @Test
    void eachEpochOfASeedHasAnOrderOfItsOwn() {
        assertEquals(2_003, RECIPE.order(2, 3));
        assertEquals(RECIPE.order(2, 3), RECIPE.after(2).order(2, 1));
        assertEquals(7, Recipe.plain(List.of(8), 100, 10, 5).order(7, 0));
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
