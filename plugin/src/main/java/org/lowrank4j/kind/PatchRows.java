package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.convolution.Frame;
import org.lowrank4j.convolution.Patches;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The patches that the filters of a convolution looked at, a row for each place of each example. */
final class PatchRows implements InputRows {

    @Override
    public @Nullable INDArray of(BaseLayer<?> base) {
        ConvolutionLayer layer = (ConvolutionLayer) base;
        INDArray weight = layer.getParam("W");
        INDArray input = PicturePasses.channelsFirst(layer, layer.input().castTo(weight.dataType()));
        INDArray pictures = input.permute(1, 0, 2, 3).dup('c');
        Frame frame = PicturePasses.frame(layer, input);
        int examples = (int) input.size(0);
        Patches patches = new Patches(frame, examples, weight.dataType());
        long places = (long) examples * frame.places(1);
        INDArray rows = Nd4j.createUninitialized(weight.dataType(), new long[] {places, frame.patch()}, 'f');
        patches.each((first, count) -> patches.rows(rows, first, count).assign(patches.of(pictures, first, count)));
        return rows;
    }
}
