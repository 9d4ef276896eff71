package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class BaseFingerprintTest {

    /** SHA-256 of 1, 4, 2, 5, 3, 6 as little-endian floats and doubles, computed by another implementation. */
    private static final String OF_FLOATS = "b05183b256a48062521a4beb24c91079d1b94dfdef9ca4edcb76d28f69ee7fcd";

    private static final String OF_DOUBLES = "562fb49dcc2f51c918a208b4bc9e20935a0894b66e72daf5759356f7e66a21db";

    @Test
    void theBytesThatAreHashed() {
        INDArray weight = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
        for (char order : new char[] {'c', 'f'}) {
            BaseFingerprint print = BaseFingerprint.of(Map.of("l", weight.dup(order)));
            assertEquals(
                    new BaseFingerprint.Weight(2, 3, DataType.FLOAT, OF_FLOATS),
                    print.weights().get("l"));
        }
        BaseFingerprint wide = BaseFingerprint.of(Map.of("l", weight.castTo(DataType.DOUBLE)));
        assertEquals(OF_DOUBLES, wide.weights().get("l").sha256());
    }

    @Test
    void itIsTheSameForTheSameWeightsInAnotherKindOfNetwork() {
        var sequential = SmallNetworks.sequential(3);
        var graph = SmallNetworks.graph(4);
        graph.setParams(sequential.params());
        List<String> layers = List.of("one", "two");
        assertEquals(BaseFingerprint.of(sequential, layers), BaseFingerprint.of(graph, layers));
        assertEquals(List.of(), BaseFingerprint.of(sequential, layers).differences(graph));
    }

    @Test
    void everyKindOfDifferenceIsNamed() {
        MultiLayerNetwork network = SmallNetworks.sequential(3);
        BaseFingerprint print = BaseFingerprint.of(network, List.of("one", "two"));
        INDArray w = network.getLayer(1).getParam("W");
        w.putScalar(4, 5, Math.nextUp(w.getFloat(4, 5)));
        List<String> values = print.differences(network);
        assertEquals(1, values.size());
        assertTrue(values.get(0).startsWith("W of layer two has other values (SHA-256 "), values.get(0));

        assertTrue(print.differences(SmallNetworks.sequential(3, DataType.DOUBLE))
                .get(0)
                .contains("is DOUBLE there and FLOAT in the base"));
        assertEquals(
                List.of(
                        "W of layer out is 8 x 3 there and 9 x 3 in the base of the adapter",
                        "W of layer gone is not there"),
                new BaseFingerprint(otherWeights()).differences(network));
    }

    private static Map<String, BaseFingerprint.Weight> otherWeights() {
        Map<String, BaseFingerprint.Weight> weights = new LinkedHashMap<>();
        weights.put("out", new BaseFingerprint.Weight(9, 3, DataType.FLOAT, ""));
        weights.put("gone", new BaseFingerprint.Weight(1, 1, DataType.FLOAT, ""));
        return weights;
    }

    @Test
    void aLayerThatIsNotThereIsRefusedWithTheNearestName() {
        LowRankException refused = assertThrows(
                LowRankException.class, () -> BaseFingerprint.of(SmallNetworks.sequential(1), List.of("onee")));
        assertTrue(refused.getMessage().contains("Did you mean 'one'?"), refused.getMessage());
    }
}
