package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.average.Lawa;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The mean of the latest weights. */
public final class LawaReference extends AverageCases {

    public LawaReference() {
        super(new Lawa());
    }

    @Override
    public String method() {
        return "lawa";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        int every = given.whole("every");
        int window = given.whole("window");
        Followed followed = follow(
                mean(Map.of("window", window, "every", every)),
                given.input("theta0", type),
                steps(given.input("U", type)),
                1);
        List<INDArray> checkpoints = new ArrayList<>();
        List<INDArray> sliding = new ArrayList<>();
        for (int i = every - 1; i < followed.weights().size(); i += every) {
            checkpoints.add(followed.weights().get(i));
            sliding.add(followed.averages().get(i));
        }
        outcome.put("checkpoints", stack(checkpoints));
        outcome.put("average_sliding", stack(sliding));
        outcome.notProduced("average_windows", "what the released script writes: means of windows that do not overlap");
    }
}
