package org.lowrank4j.reference;

import java.util.List;
import java.util.Map;
import org.lowrank4j.factorisation.Pela;
import org.lowrank4j.factorisation.Split;
import org.lowrank4j.factorisation.WholeLayer;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;

/** PELA's ranks and factors. */
public final class PelaReference implements Reference {

    @Override
    public String method() {
        return "pela";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        OptionValues options = new OptionValues(new Pela(), Map.of("pela.c", Integer.toString(given.whole("c"))));
        for (int i = 1; i <= 2; i++) {
            WholeLayer layer = WholeLayer.of(given.input("W_" + i, type).castTo(DataType.DOUBLE));
            int rank = new Pela().ownRank(layer, options);
            Split split = new Pela().factors(layer, options).at().apply(rank);
            outcome.put("rank_" + i, rank);
            outcome.put("A_" + i, split.first().castTo(type));
            outcome.put("B_" + i, split.second().castTo(type));
        }
        for (String loss : List.of("loss_inf", "loss_feature", "dA_1", "dB_1", "dA_2", "dB_2")) {
            outcome.notProduced(loss, "a network that was cut is trained on by its own loss");
        }
    }
}
