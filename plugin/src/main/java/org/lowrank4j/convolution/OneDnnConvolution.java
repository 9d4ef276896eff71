package org.lowrank4j.convolution;

import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.convolution.OneDnnProduct.Geometry;
import org.lowrank4j.convolution.OneDnnProduct.Kind;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A convolution by oneDNN; a product that it has no fast primitive for is ours. */
final class OneDnnConvolution implements Convolution {

    /** Channels below this, which oneDNN fills up with zeros: on the way back that takes longer than patches do. */
    private static final int FEW = 8;

    private final OneDnnEngine engine;
    private final Frame frame;
    private final int multiplier;
    private final Supplier<Convolution> portable;
    private final Geometry geometry;

    /** @param multiplier of a depthwise convolution, else 0 */
    OneDnnConvolution(OneDnnEngine engine, Frame frame, int multiplier, Supplier<Convolution> portable) {
        this.engine = engine;
        this.frame = frame;
        this.multiplier = multiplier;
        this.portable = portable;
        geometry = new Geometry(
                ofEachSide(side -> frame.stride()[side]),
                ofEachSide(side -> frame.dilation()[side] - 1L),
                ofEachSide(side -> frame.padding()[side]),
                ofEachSide(this::after),
                frame.seesPixels() && multiplier == 0);
    }

    private List<Long> ofEachSide(IntToLongFunction length) {
        return IntStream.range(0, frame.sides()).mapToLong(length).boxed().toList();
    }

    /** Less than 0 where the last pixels are seen by nothing. */
    private long after(int side) {
        long seen = (frame.places()[side] - 1L) * frame.stride()[side]
                + (frame.filter()[side] - 1L) * frame.dilation()[side]
                + 1;
        return seen - frame.size()[side] - frame.padding()[side];
    }

    @Override
    public void forward(Pictures pictures, INDArray filters, INDArray result) {
        INDArray seen = seen(pictures);
        Optional<OneDnnProduct> product = product(Kind.FORWARD, pictures(seen), filters, result);
        if (product.isPresent()) {
            product.get().run(seen, filters, result);
        } else {
            portable.get().forward(pictures, filters, result);
        }
    }

    @Override
    public void backward(INDArray delta, INDArray filters, INDArray below) {
        Optional<OneDnnProduct> product = product(Kind.BACKWARD, exchanged(below), filters, delta);
        if (product.isPresent()) {
            product.get().run(below, filters, delta);
        } else {
            portable.get().backward(delta, filters, below);
        }
    }

    @Override
    public void gradient(Pictures pictures, INDArray delta, double scale, INDArray result, double keep) {
        INDArray seen = seen(pictures);
        INDArray whole = multiplier == 0
                ? Nd4j.createUninitialized(result.dataType(), result.shape(), 'f')
                : Nd4j.createUninitialized(result.dataType(), result.shape(), 'c');
        Optional<OneDnnProduct> product = product(Kind.GRADIENT, pictures(seen), whole, delta);
        if (product.isEmpty()) {
            portable.get().gradient(pictures, delta, scale, result, keep);
            return;
        }
        product.get().run(seen, whole, delta);
        Blas.scale(scale, whole);
        if (keep == 0) {
            Blas.copy(whole, result);
        } else {
            Blas.scale(keep, result);
            Blas.axpy(1, whole, result);
        }
    }

    private Optional<OneDnnProduct> product(Kind kind, Layout pictures, INDArray filters, INDArray results) {
        if (kind == Kind.BACKWARD && multiplier == 0 && frame.channels() < FEW) {
            return Optional.empty();
        }
        return engine.product(kind, geometry, pictures, filters(filters), exchanged(results));
    }

    private INDArray seen(Pictures pictures) {
        return geometry.plain() ? Pictures.exchanged(pictures.byChannel()) : pictures.asTheyAre();
    }

    /** Single pixels in a row are one picture, which oneDNN takes as it lies in memory. */
    private Layout pictures(INDArray pictures) {
        long pixels = pictures.length() / pictures.size(1);
        return geometry.plain()
                ? Layout.of(new long[] {1, pictures.size(1), 1, pixels}, new long[] {0, pixels, 0, 1})
                : Layout.of(pictures.shape(), pictures.stride());
    }

    private Layout exchanged(INDArray byChannel) {
        return pictures(Pictures.exchanged(byChannel));
    }

    private Layout filters(INDArray filters) {
        if (multiplier > 0) {
            long[] step = filters.stride();
            return Layout.of(
                    new long[] {frame.channels(), multiplier, 1, frame.filter()[0], frame.filter()[1]},
                    new long[] {step[0], step[1], 0, step[2], step[3]});
        }
        long down = filters.stride(0);
        int sides = frame.sides();
        long[] shape = new long[2 + sides];
        long[] strides = new long[2 + sides];
        shape[0] = filters.size(1);
        strides[0] = filters.stride(1);
        shape[1] = frame.channels();
        strides[1] = frame.inPatch(1, 0) * down;
        int inFilter = 1;
        for (int side = sides - 1; side >= 0; side--) {
            shape[2 + side] = frame.filter()[side];
            strides[2 + side] = frame.inPatch(0, inFilter) * down;
            inFilter *= frame.filter()[side];
        }
        return Layout.of(shape, strides);
    }
}
