package org.lowrank4j.compression;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.compression.ForwardPasses.Target;
import org.lowrank4j.factorisation.OutputMoments;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What layers put out for data before their activation, x W + b, as at inference. */
final class LayerOutputs {

    private static final String BIAS = "b";

    private LayerOutputs() {}

    /** Mean and covariance of the outputs of some layers, by name. */
    static Map<String, OutputMoments> moments(Model network, Set<String> names, Calibration data) {
        ForwardPasses passes = ForwardPasses.of(network);
        List<Target> targets = passes.targets().stream()
                .filter(target -> names.contains(target.name()))
                .toList();
        Map<String, OutputMoments> moments = new LinkedHashMap<>();
        targets.forEach(target ->
                moments.put(target.name(), new OutputMoments(target.weight().size(1))));
        for (Batch batch : data.batches()) {
            passes.each(targets, batch, (target, rows) -> {
                INDArray outputs = rows.mmul(target.weight());
                INDArray bias = bias(target);
                if (bias != null) {
                    outputs.addiRowVector(bias.reshape(1, bias.length()));
                }
                OutputMoments known = moments.get(target.name());
                if (known != null) {
                    known.observe(outputs);
                }
            });
        }
        return moments;
    }

    static @Nullable INDArray bias(Target target) {
        return target.layer().paramTable().get(BIAS);
    }
}
