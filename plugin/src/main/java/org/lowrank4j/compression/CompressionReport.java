package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.compression.ForwardPasses.Target;
import org.lowrank4j.factorisation.Split;
import org.lowrank4j.kind.Wrapped;
import org.lowrank4j.network.LayerRef;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a compression did to every layer. */
final class CompressionReport {

    private final Compression compression;
    private final Map<String, Integer> ranks;

    CompressionReport(Compression compression, Map<String, Integer> ranks) {
        this.compression = compression;
        this.ranks = ranks;
    }

    /**
     * All layers with parameters, in the order of the network.
     *
     * @param data whose outputs are compared; null for none
     * @param sample inputs whose first minibatch tells how often a matrix is multiplied by; null if there are none
     */
    List<CompressedLayer> layers(Model network, Model small, @Nullable Calibration data, @Nullable Calibration sample) {
        Map<String, Long> parameters = parameters(network);
        Map<String, Long> smaller = parameters(small);
        Map<String, Long> before = sample == null ? Map.of() : products(network, sample);
        Map<String, Long> after = sample == null ? Map.of() : products(small, sample);
        Map<String, Double> errors = data == null ? Map.of() : outputErrors(network, data);
        List<CompressedLayer> layers = new ArrayList<>();
        for (LayerRef place : LayerRef.all(network)) {
            String name = place.name();
            if (parameters.containsKey(name)) {
                int rank = ranks.getOrDefault(name, 0);
                String first = FactoredLayer.nameOfFirst(name);
                layers.add(new CompressedLayer(
                        name,
                        Wrapped.type(place.trainable()),
                        rank,
                        rank > 0 ? "" : compression.whole().getOrDefault(name, "no smaller as two"),
                        parameters.get(name),
                        smaller.getOrDefault(name, 0L) + smaller.getOrDefault(first, 0L),
                        before.getOrDefault(name, -1L),
                        after.containsKey(name) ? after.get(name) + after.getOrDefault(first, 0L) : -1,
                        rank == 0 ? 0 : weightError(name, rank),
                        data == null ? Double.NaN : errors.getOrDefault(name, 0.0)));
            }
        }
        return layers;
    }

    private static Map<String, Long> parameters(Model network) {
        Map<String, Long> parameters = new LinkedHashMap<>();
        for (LayerRef layer : LayerRef.all(network)) {
            if (layer.trainable().numParams() > 0) {
                parameters.put(layer.name(), layer.trainable().numParams());
            }
        }
        return parameters;
    }

    /** Multiplications by matrices for an example, by key. */
    private static Map<String, Long> products(Model network, Calibration sample) {
        ForwardPasses passes = ForwardPasses.of(network);
        Batch batch = sample.batches().get(0);
        Map<String, Long> products = new LinkedHashMap<>();
        passes.each(
                passes.targets(),
                batch,
                (target, rows) -> products.put(
                        target.name(), rows.size(0) * target.weight().length() / batch.examples()));
        return products;
    }

    private double weightError(String name, int rank) {
        RankedLayer layer = compression.layer(name);
        Split split = layer.factors().at().apply(rank);
        INDArray weight = layer.whole().weight();
        double norm = weight.norm2Number().doubleValue();
        double lost =
                weight.sub(split.first().mmul(split.second())).norm2Number().doubleValue();
        return norm == 0 ? 0 : lost / norm;
    }

    private Map<String, Double> outputErrors(Model network, Calibration data) {
        ForwardPasses passes = ForwardPasses.of(network);
        List<Target> targets = passes.targets().stream()
                .filter(target -> ranks.containsKey(target.name()))
                .toList();
        Map<String, Lost> losses = new LinkedHashMap<>();
        for (Target target : targets) {
            losses.put(target.name(), lost(target));
        }
        for (Batch batch : data.batches()) {
            passes.each(targets, batch, (target, rows) -> {
                Lost lost = losses.get(target.name());
                if (lost != null) {
                    lost.observe(rows);
                }
            });
        }
        Map<String, Double> errors = new LinkedHashMap<>();
        losses.forEach((name, lost) -> errors.put(name, lost.relative()));
        return errors;
    }

    private Lost lost(Target target) {
        RankedLayer layer = compression.layer(target.name());
        Split split = layer.factors().at().apply(ranks.getOrDefault(target.name(), 0));
        INDArray whole = target.weight().castTo(DataType.DOUBLE);
        INDArray product = compression.whole(target.name(), split.first().mmul(split.second()));
        INDArray own = layer.whole().bias();
        INDArray bias = split.secondBias() == null ? own : split.secondBias();
        if (split.firstBias() != null && bias != null) {
            bias = bias.add(split.firstBias().mmul(split.second()));
        }
        return new Lost(whole, own, whole.sub(product), difference(own, bias));
    }

    private static @Nullable INDArray difference(@Nullable INDArray own, @Nullable INDArray bias) {
        return bias == null ? null : own == null ? bias.neg() : own.sub(bias);
    }

    /** Sums of squares of outputs, and of what they lose. */
    private static final class Lost {

        private final INDArray weight;
        private final @Nullable INDArray bias;
        private final INDArray change;
        private final @Nullable INDArray biasChange;
        private double outputs;
        private double lost;

        Lost(INDArray weight, @Nullable INDArray bias, INDArray change, @Nullable INDArray biasChange) {
            this.weight = weight;
            this.bias = bias;
            this.change = change;
            this.biasChange = biasChange;
        }

        void observe(INDArray rows) {
            INDArray wide = rows.castTo(DataType.DOUBLE);
            outputs += squares(wide.mmul(weight), bias);
            lost += squares(wide.mmul(change), biasChange);
        }

        private static double squares(INDArray product, @Nullable INDArray bias) {
            INDArray sum = bias == null ? product : product.addiRowVector(bias);
            double norm = sum.norm2Number().doubleValue();
            return norm * norm;
        }

        double relative() {
            return outputs == 0 ? 0 : Math.sqrt(lost / outputs);
        }
    }
}
