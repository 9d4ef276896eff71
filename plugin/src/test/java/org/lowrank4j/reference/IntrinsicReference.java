package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lowrank4j.subspace.DenseDirections;
import org.lowrank4j.subspace.Fastfood;
import org.lowrank4j.subspace.Projection;
import org.lowrank4j.subspace.SparseDirections;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Random subspaces: where z puts the weights and biases, and the gradient of z. */
public final class IntrinsicReference implements Reference {

    private static final List<String> TENSORS = List.of("W0", "b1", "W2", "b3");

    @Override
    public String method() {
        return "intrinsic";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        Projection projection = projection(given, type, outcome);
        INDArray z = given.input("z", type);
        INDArray offset = Nd4j.create(type, projection.entries());
        projection.expand(z, offset);
        long start = 0;
        List<INDArray> gradients = new ArrayList<>();
        for (String tensor : TENSORS) {
            INDArray original = given.input(tensor, type);
            INDArray moved = offset.get(NDArrayIndex.interval(start, start + original.length()));
            outcome.put("theta_" + tensor, original.add(moved.reshape(original.shape())));
            start += original.length();
            INDArray gradient = given.input("g_" + tensor, type);
            gradients.add(gradient.dup('c').ravel());
        }
        INDArray dz = Nd4j.create(type, projection.dimension());
        projection.pullBack(Nd4j.concat(0, gradients.toArray(INDArray[]::new)), dz);
        outcome.put("dz", dz);
        if (given.expects("theta_offset")) {
            outcome.put("theta_offset", offset);
            outcome.put("column_norms", columnNorms(projection, type));
        }
    }

    private static Projection projection(ReferenceCase given, DataType type, Outcome outcome) {
        int dimension = given.whole("d");
        if (given.hasInput("permutation")) {
            double[] signs = doubles(given.input("B_signs", DataType.DOUBLE));
            Fastfood fastfood = new Fastfood(
                    given.whole("D"),
                    Arrays.copyOf(signs, dimension),
                    given.wholeNumbers("permutation"),
                    doubles(given.input("G_normal", DataType.DOUBLE)));
            outcome.put("divisor", fastfood.divisor());
            outcome.put("L", signs.length);
            return fastfood;
        }
        INDArray joint = Nd4j.concat(
                1,
                TENSORS.stream()
                        .map(tensor -> given.input("basis_" + tensor, DataType.DOUBLE))
                        .toArray(INDArray[]::new));
        double[][] directions = joint.toDoubleMatrix();
        outcome.put("direction_norms", joint.norm2(1));
        return given.name().startsWith("sparse")
                ? SparseDirections.of(directions)
                : DenseDirections.of(directions, type);
    }

    private static double[] doubles(INDArray vector) {
        return vector.dup().data().asDouble();
    }

    /** Lengths of the images of the unit vectors. */
    private static double[] columnNorms(Projection projection, DataType type) {
        double[] norms = new double[projection.dimension()];
        INDArray column = Nd4j.create(type, projection.entries());
        for (int k = 0; k < norms.length; k++) {
            INDArray unit = Nd4j.create(type, norms.length);
            unit.putScalar(k, 1);
            projection.expand(unit, column);
            norms[k] = column.norm2Number().doubleValue();
        }
        return norms;
    }
}
