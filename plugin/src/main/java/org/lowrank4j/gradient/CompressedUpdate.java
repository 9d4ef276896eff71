package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.lowrank4j.gradient.exchange.CompressedExchange;
import org.lowrank4j.gradient.exchange.Compressor;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An update whose gradients go through compressors, as one of the workers of a distributed job would get them back. In
 * one process there is one worker, so they are approximated, and the bytes that would be sent are counted.
 */
final class CompressedUpdate extends WrappedUpdate {

    private final Map<String, Compressor> compressors = new LinkedHashMap<>();
    /** Bytes that were sent, and that gradients as they are would have taken. */
    private final INDArray traffic;

    /** @param maker makes the compressor of one tensor, with what keeps its state */
    CompressedUpdate(
            GradientApproximation gradient,
            TargetUpdate update,
            TargetWeight target,
            BiFunction<TrainedTensor, Kept, Compressor> maker) {
        super(update);
        Kept kept = target.kept().under(gradient.name());
        for (TrainedTensor tensor : update.tensors()) {
            compressors.put(tensor.name(), maker.apply(tensor, kept.under(tensor.name())));
        }
        traffic = kept.numbers("traffic", 2);
        String name = gradient.name();
        target.warn("gradient=" + name + " compresses what workers send to each other, and this job has one worker:"
                + " nothing is saved in traffic or time. Gradients are approximated as with several, and the"
                + " bytes that a worker would send are counted (" + name + ".traffic in the saved state). For"
                + " gradients of low rank in one process see gradient=galore.");
    }

    /** Compression comes first: what an update does to the average gradient, it does on every worker. */
    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        long sent = traffic.data().getLong(0);
        long uncompressed = traffic.data().getLong(1);
        for (int i = 0; i < gradients.length; i++) {
            Compressor worker = compressors.get(tensors().get(i).name());
            if (worker != null) {
                sent += CompressedExchange.step(List.of(worker), List.of(gradients[i]), gradients[i]);
                uncompressed += gradients[i].length() * gradients[i].dataType().width();
            }
        }
        traffic.data().put(0, sent);
        traffic.data().put(1, uncompressed);
        super.beforeUpdater(gradients, updaterStates);
    }
}
