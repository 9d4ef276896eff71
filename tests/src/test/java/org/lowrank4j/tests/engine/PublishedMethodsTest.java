package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.ops.transforms.Transforms;

/** What single starts and updates promise beside what {@link MethodsTest} asks of all. */
class PublishedMethodsTest {

    private static final int RANK = 2;

    @LowRank(rank = RANK, gradient = "lora-pro", options = "lora-pro.mode=full")
    private static MultiLayerNetwork loraProFull(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "vera")
    private static MultiLayerNetwork vera(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "lora-sb", options = "lora-sb.rate=0.01")
    private static MultiLayerNetwork loraSbAtOwnRate(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "vera", init = "pissa")
    private static MultiLayerNetwork veraWithInit(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES);
    }

    @Test
    void theFullModeOfLoraProWantsAdam() {
        MultiLayerNetwork network =
                loraProFull(() -> Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.1)))));
        RuntimeException refused = assertThrows(RuntimeException.class, () -> network.fit(batch(0)));
        assertTrue(refused.getMessage().contains("lora-pro.mode=efficient"), refused.getMessage());
    }

    @Test
    void anInitialisationBesideAnUpdateWithItsOwnStartIsRefused() {
        MultiLayerNetwork network =
                veraWithInit(() -> Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.1)))));
        RuntimeException refused = assertThrows(RuntimeException.class, () -> network.fit(batch(0)));
        assertTrue(refused.getMessage().contains("update=vera without init"), refused.getMessage());
        assertTrue(refused.getMessage().contains("init=pissa with update=dora"), refused.getMessage());
    }

    @Test
    void loraSbTakesTheLeadingPartOfASignStep() {
        DataSet data = batch(0);
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0))));
        stock.setInput(data.getFeatures().castTo(DataType.DOUBLE));
        stock.setLabels(data.getLabels().castTo(DataType.DOUBLE));
        stock.computeGradientAndScore();
        MultiLayerNetwork network =
                loraSbAtOwnRate(() -> Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0)))));
        network.fit(data);
        for (String weight : new String[] {"0_W", "1_W"}) {
            INDArray step = Transforms.sign(stock.gradient().getGradientFor(weight), true)
                    .muli(-0.01);
            INDArray expected = ThinSvd.of(step).truncated(RANK);
            INDArray moved = network.getParam(weight).sub(stock.getParam(weight));
            Nets.assertClose(expected, moved, 1e-9, weight);
        }
    }

    @Test
    void layersShareTheMatricesOfVera() {
        MultiLayerNetwork network =
                vera(() -> Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.02)))));
        network.fit(batch(0));
        Map<String, INDArray> tensors = AdapterFile.tensors(network);
        assertEquals(tensors.get("adapter/layer0/seed"), tensors.get("adapter/layer1/seed"));
        assertTrue(tensors.keySet().stream().noneMatch(name -> name.endsWith("/A")), "the shared ones are not saved");
    }
}
