package org.lowrank4j.tests.pages.tables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.kind.LayerKinds;

/** No layer or vertex of DL4J is passed over silently: each has matrices, or stands here. */
class LayerTypesTest {

    private static final String ROOT = "org/deeplearning4j/nn/conf/";

    /** Parameters, but no matrix that all examples go through: they train in full or are frozen. */
    private static final Set<String> WITHOUT_MATRIX = Set.of(
            "BatchNormalization",
            "CapsuleLayer",
            "ElementWiseMultiplicationLayer",
            "LocallyConnected1D",
            "LocallyConnected2D",
            "OCNNOutputLayer",
            "PReLULayer");

    /** What is in them is looked at. */
    private static final Set<String> WRAPPERS = Set.of(
            "Bidirectional",
            "FrozenLayer",
            "FrozenLayerWithBackprop",
            "FrozenVertex",
            "LastTimeStep",
            "LayerVertex",
            "MaskZeroLayer",
            "TimeDistributed");

    /** Other names of types. */
    private static final Set<String> SAME_AS_ANOTHER =
            Set.of("Convolution1D", "Convolution2D", "Pooling1D", "Pooling2D");

    private static final Set<String> WITHOUT_PARAMETERS = Set.of(
            "ActivationLayer",
            "CapsuleStrengthLayer",
            "Cnn3DLossLayer",
            "CnnLossLayer",
            "Cropping1D",
            "Cropping2D",
            "Cropping3D",
            "DropoutLayer",
            "DuplicateToTimeSeriesVertex",
            "ElementWiseVertex",
            "GlobalPoolingLayer",
            "L2NormalizeVertex",
            "L2Vertex",
            "LastTimeStepVertex",
            "LocalResponseNormalization",
            "LossLayer",
            "MaskLayer",
            "MergeVertex",
            "PoolHelperVertex",
            "PreprocessorVertex",
            "RepeatVector",
            "ReshapeVertex",
            "ReverseTimeSeriesVertex",
            "RnnLossLayer",
            "ScaleVertex",
            "ShiftVertex",
            "SpaceToBatchLayer",
            "SpaceToDepthLayer",
            "StackVertex",
            "SubsamplingLayer",
            "Subsampling1DLayer",
            "Subsampling3DLayer",
            "SubsetVertex",
            "UnstackVertex",
            "Upsampling1D",
            "Upsampling2D",
            "Upsampling3D",
            "Yolo2OutputLayer",
            "ZeroPadding1DLayer",
            "ZeroPadding3DLayer",
            "ZeroPaddingLayer");

    @Test
    void eachTypeHasMatricesOrIsKnownToHaveNone() throws IOException, ReflectiveOperationException {
        Set<String> known = new TreeSet<>(LayerSamples.byType().keySet());
        Stream.of(WITHOUT_MATRIX, WRAPPERS, SAME_AS_ANOTHER, WITHOUT_PARAMETERS)
                .flatMap(Set::stream)
                .forEach(known::add);
        assertEquals(known, types());
    }

    @Test
    void eachThatHasMatricesIsOfAKindThatShowsThem() {
        LayerSamples.byType()
                .forEach((type, layer) -> assertFalse(
                        LayerKinds.matrices(layer, layer.paramTable(false).keySet())
                                .isEmpty(),
                        type));
    }

    /** The types that a program can put into a network. */
    private static Set<String> types() throws IOException, ReflectiveOperationException {
        Path jar = Path.of(
                Layer.class.getProtectionDomain().getCodeSource().getLocation().getPath());
        Set<String> types = new TreeSet<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            for (JarEntry entry : file.stream().toList()) {
                String name = entry.getName();
                if (name.startsWith(ROOT) && name.endsWith(".class") && name.indexOf('$') < 0) {
                    Class<?> type = Class.forName(
                            name.substring(0, name.length() - 6).replace('/', '.'),
                            false,
                            Layer.class.getClassLoader());
                    boolean layer = Layer.class.isAssignableFrom(type) || GraphVertex.class.isAssignableFrom(type);
                    if (layer && !Modifier.isAbstract(type.getModifiers())) {
                        types.add(type.getSimpleName());
                    }
                }
            }
        }
        return types;
    }
}
