package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.lowrank4j.gradient.exchange.Compressor;
import org.lowrank4j.gradient.exchange.Exchange;
import org.lowrank4j.update.Footprint;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An update whose gradients go through compressors, as one of the workers of a distributed job would get them back. In
 * one process there is one worker, so they are approximated, and the bytes that would be sent are counted.
 */
final class CompressedUpdate extends WrappedUpdate {

    private final Map<String, Compressor> compressors = new LinkedHashMap<>();
    /** Bytes that were sent, and that gradients as they are would have taken. */
    private final INDArray traffic = Nd4j.create(DataType.LONG, 2);

    /** @param maker makes the compressor of one tensor */
    CompressedUpdate(
            GradientApproximation gradient,
            TargetUpdate update,
            TargetWeight target,
            Function<TrainedTensor, Compressor> maker) {
        super(gradient, update, target);
        for (TrainedTensor tensor : update.tensors()) {
            compressors.put(tensor.name(), maker.apply(tensor));
        }
        String name = gradient.name();
        Notices.of(target)
                .warn("gradient=" + name + " compresses what workers send to each other, and this job has one worker:"
                        + " nothing is saved in traffic or time. Gradients are approximated as with several, and the"
                        + " bytes that a worker would send are counted (" + name + ".traffic in the saved state). For"
                        + " gradients of low rank in one process see gradient=galore.");
    }

    /** A step counter of each compressor, and the traffic. */
    static Footprint footprint(Footprint update) {
        return update.withoutSidePath().plusCounters(update.trained().size() + 2);
    }

    /** Compression comes first: what an update does to the average gradient, it does on every worker. */
    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        long sent = traffic.data().getLong(0);
        long uncompressed = traffic.data().getLong(1);
        for (int i = 0; i < gradients.length; i++) {
            Compressor worker = compressors.get(tensors().get(i).name());
            if (worker != null) {
                sent += Exchange.step(List.of(worker), List.of(gradients[i]), gradients[i]);
                uncompressed += gradients[i].length() * gradients[i].dataType().width();
            }
        }
        traffic.data().put(0, sent);
        traffic.data().put(1, uncompressed);
        super.beforeUpdater(gradients, updaterStates);
    }

    @Override
    Map<String, INDArray> ownState() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        compressors.forEach(
                (name, compressor) -> compressor.state().forEach((array, live) -> state.put(name + "." + array, live)));
        state.put("traffic", traffic);
        return state;
    }
}
