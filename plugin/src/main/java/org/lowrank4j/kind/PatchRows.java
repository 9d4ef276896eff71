package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.convolution.Frame;
import org.lowrank4j.convolution.Patches;
import org.lowrank4j.convolution.Pictures;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The patches that the filters of a convolution looked at, a row for each place of each example. */
final class PatchRows implements InputRows {

    @Override
    public @Nullable INDArray of(BaseLayer<?> layer, String parameter) {
        INDArray weight = layer.getParam("W");
        INDArray input = PicturePasses.pictures(layer, layer.input().castTo(weight.dataType()));
        INDArray pictures = Pictures.exchanged(input).dup('c');
        Frame frame = PicturePasses.frame(layer, input);
        int examples = (int) input.size(0);
        Patches patches = new Patches(frame, examples, weight.dataType());
        long places = (long) examples * frame.places(1);
        INDArray rows = Nd4j.createUninitialized(weight.dataType(), new long[] {places, frame.patch()}, 'f');
        patches.each((first, count) -> patches.rows(rows, first, count).assign(patches.of(pictures, first, count)));
        return rows;
    }
}
