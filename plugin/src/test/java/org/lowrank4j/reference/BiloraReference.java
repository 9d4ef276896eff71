package org.lowrank4j.reference;

import java.util.Map;
import java.util.Set;
import org.lowrank4j.file.PackedTensors;
import org.lowrank4j.file.Tensors;
import org.lowrank4j.gradient.StraightThrough;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.quantisation.NormalCells;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Bi-LoRA's quantiser: the weight of a case as the factor A of an update whose B is the identity. */
public final class BiloraReference implements Reference {

    @Override
    public String method() {
        return "bilora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        int bits = given.whole("bits");
        NormalCells cells = NormalCells.of(bits);
        outcome.put("codes", cells.codes());
        outcome.put("boundaries", cells.boundaries());

        int columns = (int) w.size(1);
        TargetWeight target = Targets.target(Nd4j.zeros(type, w.shape()), columns, columns, 1, Map.of());
        TargetUpdate update = StraightThrough.around(new Lora().attach(target), bits, Set.of("A"));
        update.start(new Factors(w, Nd4j.eye(columns).castTo(type)));
        INDArray used = target.kept().state().get("A");
        outcome.put("W_used", used);

        INDArray x = given.input("x", type);
        INDArray delta = given.input("delta", type);
        INDArray[] gradients = Targets.views(update, w);
        update.gradient(new OuterProduct(x, delta), gradients);
        outcome.put("dW", gradients[0]);
        outcome.put("y", x.mmul(used));
        outcome.put("dx", delta.mmul(used.transpose()));

        double mean = given.input("W", DataType.DOUBLE).meanNumber().doubleValue();
        double deviation = given.input("W", DataType.DOUBLE).stdNumber().doubleValue();
        outcome.put("mean_w", mean);
        outcome.put("std_w", deviation);
        INDArray index = Nd4j.create(DataType.DOUBLE, w.shape());
        for (int i = 0; i < w.size(0); i++) {
            for (int j = 0; j < columns; j++) {
                index.putScalar(i, j, cells.indexOfNearest((used.getDouble(i, j) - mean) / deviation));
            }
        }
        outcome.put("index", index);
        Tensors packed = PackedTensors.pack(new Tensors(Map.of("W", used.transpose()), Map.of()));
        if (packed.tensor("W.values").length() == cells.codes().length) {
            outcome.put("packed_bytes", packed.tensor("W.packed").castTo(DataType.DOUBLE));
        } else {
            outcome.notProduced("packed_bytes", "not every code occurs, and places are those among the ones that do");
        }
    }
}
