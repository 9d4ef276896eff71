package org.lowrank4j.convolution;

import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a convolution looks at; made, and brought into the order of products, when the first of these asks for it. */
public final class Pictures {

    private final Supplier<INDArray> source;
    private final UnaryOperator<INDArray> copy;
    private @Nullable INDArray asTheyAre;
    private @Nullable INDArray byChannel;

    /**
     * Those of an array.
     *
     * @param pictures examples x channels x height x width, in any order of memory
     * @param copy makes an array of the same entries in 'c' order
     */
    public Pictures(INDArray pictures, UnaryOperator<INDArray> copy) {
        this(() -> pictures, copy);
    }

    /**
     * Those that are not there yet.
     *
     * @param source makes them, once: examples x channels x height x width, in any order of memory
     * @param copy makes an array of the same entries in 'c' order
     */
    public Pictures(Supplier<INDArray> source, UnaryOperator<INDArray> copy) {
        this.source = source;
        this.copy = copy;
    }

    /** Examples x channels x height x width, in any order of memory. */
    public INDArray asTheyAre() {
        INDArray made = asTheyAre;
        if (made == null) {
            made = source.get();
            asTheyAre = made;
        }
        return made;
    }

    /** With the first two dimensions exchanged, examples and channels, on the same memory. */
    public static INDArray exchanged(INDArray array) {
        return array.swapAxes(0, 1);
    }

    /** Channels x examples x height x width in 'c' order; a copy unless they lie in memory so. */
    public INDArray byChannel() {
        INDArray ordered = byChannel;
        if (ordered == null) {
            INDArray channels = exchanged(asTheyAre());
            ordered = NativeMemory.followOneAnother(channels) ? channels : copy.apply(channels);
            byChannel = ordered;
        }
        return ordered;
    }

    /**
     * One row for each place, column-major, on the same memory.
     *
     * @param byChannel channels x examples x height x width in 'c' order
     */
    public static INDArray perPlace(INDArray byChannel) {
        return NativeMemory.matrix(byChannel, byChannel.length() / byChannel.size(0), byChannel.size(0), 'f');
    }
}
