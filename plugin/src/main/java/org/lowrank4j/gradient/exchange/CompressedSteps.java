package org.lowrank4j.gradient.exchange;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The steps of replicas that send compressed matrices, each with compressors of its own, and vectors as they are.
 *
 * <p>With p replicas of which one has n of all N examples, its gradient times p n / N goes in, so that the average over
 * replicas is the mean over examples. One without a minibatch takes part with a gradient of zeros: what it has not sent yet
 * goes on its way. A step in which a gradient is not finite is left out by all replicas, and nothing is remembered of it.
 */
final class CompressedSteps implements GradientExchange.Steps {

    private final ExchangedGradient given;
    private final List<Tensor> tensors = new ArrayList<>();
    private final String remark;

    /**
     * One matrix or vector.
     *
     * @param workers one for each replica; none for what goes as it is
     * @param result receives what all replicas go on with
     */
    private record Tensor(ExchangedTensor place, List<Compressor> workers, INDArray result) {}

    /** @param maker makes the compressor of a matrix for one replica, with what keeps its state */
    CompressedSteps(ExchangedGradient given, String remark, BiFunction<ExchangedTensor, Kept, Compressor> maker) {
        this.given = given;
        this.remark = remark;
        List<Kept> kept = new ArrayList<>();
        for (int i = 0; i < given.replicas(); i++) {
            kept.add(new Kept("replica " + i, given.type()));
        }
        for (ExchangedTensor place : given.tensors()) {
            List<Compressor> workers = place.isMatrix()
                    ? kept.stream()
                            .map(one -> maker.apply(place, one.under(place.name())))
                            .toList()
                    : List.of();
            tensors.add(new Tensor(place, workers, matrix(place)));
        }
    }

    private INDArray matrix(ExchangedTensor place) {
        return Nd4j.create(given.type(), new long[] {place.rows(), place.columns()}, 'f');
    }

    /** A generator for one tensor, the same for all replicas. */
    static Random random(ExchangedGradient given, ExchangedTensor place) {
        return new Random(given.seed() * 31 + place.name().hashCode());
    }

    @Override
    public long combine(List<GradientExchange.Part> parts) {
        if (!parts.stream().allMatch(part -> Double.isFinite(Blas.asum(part.vector())))) {
            parts.forEach(part -> part.vector().assign(Double.NaN));
            return 0;
        }
        double all = parts.stream().mapToInt(GradientExchange.Part::examples).sum();
        parts.forEach(part -> part.vector().muli(given.replicas() * part.examples() / all));
        long sent = 0;
        for (Tensor tensor : tensors) {
            sent += combine(tensor, parts);
            parts.forEach(part -> tensor.place().of(part.vector()).assign(tensor.result()));
        }
        return given.replicas() * sent;
    }

    /** @return the bytes that each replica has sent */
    private long combine(Tensor tensor, List<GradientExchange.Part> parts) {
        INDArray[] gradients = new INDArray[given.replicas()];
        if (parts.size() < gradients.length) {
            Arrays.fill(gradients, matrix(tensor.place()));
        }
        parts.forEach(part -> gradients[part.replica()] = tensor.place().of(part.vector()));
        if (tensor.workers().isEmpty()) {
            tensor.result().assign(0);
            for (INDArray gradient : gradients) {
                tensor.result().addi(gradient);
            }
            tensor.result().divi(given.replicas());
            return bytes(tensor.place());
        }
        return CompressedExchange.step(tensor.workers(), List.of(gradients), tensor.result());
    }

    @Override
    public long bytes() {
        return tensors.stream()
                .mapToLong(tensor -> tensor.workers().isEmpty()
                        ? bytes(tensor.place())
                        : tensor.workers().get(0).bytes())
                .sum();
    }

    /** Of a tensor that goes as it is. */
    private long bytes(ExchangedTensor place) {
        return place.length() * given.type().width();
    }

    @Override
    public String remark() {
        return remark;
    }
}
