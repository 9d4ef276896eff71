package org.lowrank4j.kind;

import java.util.Arrays;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One matrix M (nIn x nOut) of a layer: rows for what goes in (inputs, patches, tokens, previous outputs), columns for what
 * comes out, on the memory of one of the layer's parameters. Column- or row-major, as that memory has it.
 *
 * @param parameter DL4J's name of the parameter
 * @param view M on the memory of the parameter, or dL/dM on that of its gradient, which is laid out alike; copies nothing
 * @param form how files hold the factors of a change of M, given the parameter
 */
public record Matrix(String parameter, UnaryOperator<INDArray> view, Function<INDArray, PeftForm> form) {

    /** One whose factors are two matrices in files, too. */
    public Matrix(String parameter, UnaryOperator<INDArray> view) {
        this(parameter, view, array -> PeftForm.PLAIN);
    }

    /** A parameter that is such a matrix as it stands. */
    public static Matrix asItIs(String parameter) {
        return new Matrix(parameter, UnaryOperator.identity());
    }

    /**
     * One filter of weights for each output: [nOut, ...] in row-major memory, so that M is column-major. Of a convolution a
     * row is (channel, y, x).
     */
    public static Matrix filters(String parameter) {
        return new Matrix(
                parameter,
                array -> memory(array, array.length() / array.size(0), array.size(0), 'f'),
                array -> PeftForm.convolution(
                        Arrays.stream(array.shape()).skip(2).toArray()));
    }

    /** One stretch of weights for each input: [nIn, ...] in row-major memory, and so is M. */
    public static Matrix fans(String parameter) {
        return new Matrix(parameter, array -> memory(array, array.size(0), array.length() / array.size(0), 'c'));
    }

    /** The same matrix in a layer that wraps this one and calls its parameters by a prefix. */
    Matrix prefixed(String prefix) {
        return new Matrix(prefix + parameter, view, form);
    }

    /**
     * A matrix from the first entry of an array on, whatever the array's shape says.
     *
     * @param order of the memory: 'f' where a column lies in one piece, 'c' where a row does
     */
    public static INDArray memory(INDArray array, long rows, long columns, char order) {
        return NativeMemory.matrix(array, rows, columns, order);
    }
}
