package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lowrank4j.gradient.GaLore;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** GaLore with a tracked basis, whose rate is the file's step size in terms of the gradient's length. */
public final class SubtrackReference implements Reference {

    @Override
    public String method() {
        return "subtrack";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray first = given.input("first_gradient", type);
        TargetUpdate update = galore(given, first);
        Targets.gradients(update, first);
        INDArray basis = basis(update);
        outcome.put("start_projector", basis.mmul(basis.transpose()));
        INDArray gradients = given.input("gradients", type);
        List<INDArray> projectors = new ArrayList<>();
        for (int i = 0; i < gradients.size(0); i++) {
            INDArray gradient = gradients.slice(i);
            TargetUpdate next = galore(given, gradient);
            Targets.restore(next, Map.of("projector", basis, "step", Nd4j.createFromArray(1L)));
            Targets.gradients(next, gradient);
            basis = basis(next);
            projectors.add(basis.mmul(basis.transpose()));
        }
        outcome.put("projectors", Nd4j.stack(0, projectors.toArray(INDArray[]::new)));
    }

    private static INDArray basis(TargetUpdate update) {
        return Objects.requireNonNull(update.kept().state().get("projector"));
    }

    private static TargetUpdate galore(ReferenceCase given, INDArray gradient) {
        double length = gradient.castTo(DataType.DOUBLE).norm2Number().doubleValue();
        TargetWeight target = Targets.target(
                Nd4j.zeros(gradient.dataType(), gradient.shape()),
                given.whole("r"),
                1,
                1,
                Map.of(
                        "galore.basis",
                        "tracked",
                        "galore.refresh",
                        "1",
                        "galore.track-rate",
                        Double.toString(given.number("step_size") * length * length)));
        return new GaLore().approximate(new FullWeight().attach(target), target);
    }
}
