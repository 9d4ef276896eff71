package org.lowrank4j.convolution;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Filters that see one channel each, a plane of a picture at a time. A plane is padded and dealt out by the remainders of
 * its rows and columns by the strides; each number of a filter then meets one stretch of memory, whatever the strides and
 * dilations are, and all that is left are long sums over arrays. What comes out is as wide as the padded plane until its
 * last columns, which mean nothing, are left out.
 */
final class PlaneConvolution implements Convolution {

    private final Frame frame;
    private final int multiplier;
    private final int examples;
    private final Planes planes;

    PlaneConvolution(Frame frame, int multiplier, int examples, DataType type) {
        this.frame = frame;
        this.multiplier = multiplier;
        this.examples = examples;
        planes = type == DataType.FLOAT ? new FloatPlanes(frame) : new DoublePlanes(frame);
    }

    @Override
    public void forward(Pictures pictures, INDArray filters, INDArray result) {
        INDArray seen = pictures.byChannel();
        INDArray numbers = filters.dup('c');
        planes.filters(bytes(numbers, 0, numbers.length()));
        planes.clearPicture();
        for (int channel = 0; channel < frame.channels(); channel++) {
            planes.pictures(ofChannel(seen, channel, frame.pixels()));
            for (int j = 0; j < multiplier; j++) {
                int output = channel * multiplier + j;
                planes.results(ofChannel(result, output, frame.places(1)));
                for (int example = 0; example < examples; example++) {
                    planes.readPicture(example);
                    planes.clearResult();
                    planes.multiply(output);
                    planes.writeResult(example);
                }
            }
        }
        hold(seen, numbers, result);
    }

    @Override
    public void backward(INDArray delta, INDArray filters, INDArray below) {
        INDArray numbers = filters.dup('c');
        planes.filters(bytes(numbers, 0, numbers.length()));
        if (!planes.seeAll()) {
            below.assign(0);
        }
        planes.clearResult();
        for (int channel = 0; channel < frame.channels(); channel++) {
            planes.pictures(ofChannel(below, channel, frame.pixels()));
            for (int j = 0; j < multiplier; j++) {
                int output = channel * multiplier + j;
                planes.results(ofChannel(delta, output, frame.places(1)));
                for (int example = 0; example < examples; example++) {
                    planes.clearPicture();
                    if (j > 0) {
                        planes.readPicture(example);
                    }
                    planes.readResult(example);
                    planes.multiplyBack(output);
                    planes.writePicture(example);
                }
            }
        }
        hold(delta, numbers, below);
    }

    @Override
    public void gradient(Pictures pictures, INDArray delta, double scale, INDArray result, double keep) {
        INDArray seen = pictures.byChannel();
        INDArray numbers = Nd4j.createUninitialized(result.dataType(), result.shape(), 'c');
        planes.filters(bytes(numbers, 0, numbers.length()));
        planes.clearPicture();
        planes.clearResult();
        for (int channel = 0; channel < frame.channels(); channel++) {
            planes.pictures(ofChannel(seen, channel, frame.pixels()));
            for (int j = 0; j < multiplier; j++) {
                int output = channel * multiplier + j;
                planes.results(ofChannel(delta, output, frame.places(1)));
                planes.clearSums();
                for (int example = 0; example < examples; example++) {
                    planes.readPicture(example);
                    planes.readResult(example);
                    planes.addProducts();
                }
                planes.writeSums(output);
            }
        }
        hold(seen, delta, numbers);
        if (keep == 0) {
            result.assign(numbers).muli(scale);
        } else {
            result.muli(keep).addi(numbers.muli(scale));
        }
    }

    private ByteBuffer ofChannel(INDArray byChannel, int channel, int plane) {
        return bytes(byChannel, (long) channel * examples * plane, (long) examples * plane);
    }

    private static ByteBuffer bytes(INDArray array, long from, long count) {
        int width = array.dataType().width();
        return NativeMemory.window(array, from * width, Math.toIntExact(count * width));
    }

    private static void hold(INDArray... arrays) {
        for (INDArray array : arrays) {
            Reference.reachabilityFence(array);
        }
    }
}
