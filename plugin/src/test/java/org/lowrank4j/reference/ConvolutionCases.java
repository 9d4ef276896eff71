package org.lowrank4j.reference;

import java.util.Locale;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BaseConvBuilder;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.buffer.DataType;

/** The cases of one kind of convolution, channels first. */
abstract class ConvolutionCases extends LayerCases {

    ConvolutionCases(String folder) {
        super(folder);
    }

    /** A configuration with what only this kind has. */
    abstract BaseConvBuilder<?> builder(ReferenceCase given);

    @Override
    final Layer layer(ReferenceCase given) {
        BaseConvBuilder<?> builder = builder(given);
        builder.kernelSize(given.wholeNumbers("kernel"));
        if (given.hasNumber("stride")) {
            builder.stride(given.wholeNumbers("stride"));
        }
        if (given.hasNumber("dilation")) {
            builder.dilation(given.wholeNumbers("dilation"));
        }
        builder.padding(given.wholeNumbers("padding"));
        String mode = given.text("mode");
        builder.convolutionMode(
                ConvolutionMode.valueOf(mode.substring(0, 1).toUpperCase(Locale.ROOT) + mode.substring(1)));
        builder.nIn(given.input("x", DataType.DOUBLE).size(1));
        builder.nOut(given.input("target", DataType.DOUBLE).size(1));
        builder.hasBias(given.hasInput("bias"));
        return builder.build();
    }
}
