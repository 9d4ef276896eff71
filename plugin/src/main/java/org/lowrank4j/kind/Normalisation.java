package org.lowrank4j.kind;

import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A batch normalisation, which has vectors only. */
public final class Normalisation implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == BatchNormalization.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of();
    }

    @Override
    public boolean trainsAsAWhole() {
        return true;
    }

    @Override
    public boolean mixesExamples() {
        return true;
    }

    @Override
    public List<String> statistics() {
        return List.of(
                BatchNormalizationParamInitializer.GLOBAL_MEAN,
                BatchNormalizationParamInitializer.GLOBAL_VAR,
                BatchNormalizationParamInitializer.GLOBAL_LOG_STD);
    }

    @Override
    public StandIn standIn(Layer layer) {
        return new StandIn() {
            @Override
            public LayerPasses passes(LayerTraining training) {
                return new FrozenNormalisation(training.needsEpsilon());
            }

            @Override
            public boolean asStock() {
                return false;
            }
        };
    }

    /** Its running statistics are those that every layer starts with. */
    @Override
    public @Nullable String uselessIfFrozen(Layer layer) {
        return layer instanceof BatchNormalization normalisation
                        && isAll(layer.getParam(BatchNormalizationParamInitializer.GLOBAL_MEAN), 0)
                        && (normalisation.layerConf().isUseLogStd()
                                ? isAll(layer.getParam(BatchNormalizationParamInitializer.GLOBAL_LOG_STD), 0)
                                : isAll(layer.getParam(BatchNormalizationParamInitializer.GLOBAL_VAR), 1))
                ? "that was never trained (mean 0, variance 1), and so normalises nothing"
                : null;
    }

    private static boolean isAll(INDArray array, double value) {
        return Arrays.stream(array.dup().data().asDouble()).allMatch(entry -> entry == value);
    }
}
