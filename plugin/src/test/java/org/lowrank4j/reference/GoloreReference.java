package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.gradient.Bases;
import org.lowrank4j.gradient.GaLore;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** GaLore with a random basis and with drawn singular vectors: the draw is the file's, the rest the project's. */
public final class GoloreReference implements Reference {

    @Override
    public String method() {
        return "golore";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray gradient = given.input("gradient", type);
        INDArray basis;
        if (given.hasInput("Z")) {
            basis = Bases.orthonormal(given.input("Z", type));
            outcome.put("basis", basis);
        } else {
            ThinSvd svd = ThinSvd.of(gradient);
            int[] drawn = given.wholeNumbers("indices");
            basis = given.text("side").equals("output") ? svd.right(drawn).transpose() : svd.left(drawn);
            double sum = Arrays.stream(svd.singularValues()).sum();
            outcome.put(
                    "sampling_weights",
                    IntStream.range(0, svd.size())
                            .mapToDouble(i -> svd.singularValues()[i] / sum)
                            .toArray());
        }
        outcome.put("projector", basis.mmul(basis.transpose()));
        // On step 0 a basis would be drawn; at scale 1 a step of rate 1 from 0 is what is kept of the gradient.
        TargetWeight target =
                Targets.target(Nd4j.zeros(type, gradient.shape()), given.whole("r"), 1, 1, Map.of("galore.scale", "1"));
        TargetUpdate update = new GaLore().approximate(new FullWeight().attach(target), target);
        Targets.restore(update, Map.of("projector", basis, "step", Nd4j.createFromArray(1L)));
        update.step(Targets.gradients(update, gradient));
        outcome.put("gradient_kept", target.weight().neg());
    }
}
