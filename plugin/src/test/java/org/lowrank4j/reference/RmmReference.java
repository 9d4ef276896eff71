package org.lowrank4j.reference;

import org.lowrank4j.adapter.RmmParts;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Reversible Model Merging: means, bases, coefficients and errors of both factors, and the aligned form before them. */
public final class RmmReference implements Reference {

    @Override
    public String method() {
        return "rmm";
    }

    /** The signs of bases and aligned factors are set below, per position, so none is left to be matched. */
    @Override
    public boolean hasSignsPerRow(String entry) {
        return false;
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray a = given.input("A", type).castTo(DataType.DOUBLE);
        INDArray b = given.input("B", type).castTo(DataType.DOUBLE);
        int tasks = given.whole("tasks");
        int rank = given.whole("r");
        int p = given.whole("p");
        INDArray alignedA = a.dup('c');
        INDArray alignedB = b.dup('c');
        if (given.expects("A_aligned")) {
            for (int task = 0; task < tasks; task++) {
                INDArray[] aligned = RmmParts.aligned(at(a, task), at(b, task), rank);
                at(alignedA, task).assign(aligned[0]);
                at(alignedB, task).assign(aligned[1]);
            }
            outcome.put("A_aligned", alignedA);
            outcome.put("B_aligned", alignedB);
        }
        RmmParts ofA = RmmParts.of(alignedA, p, false);
        RmmParts ofB = RmmParts.of(alignedB, p, true);
        outcome.put("mean_A", ofA.mean());
        outcome.put("mean_B", ofB.mean().transpose());
        put(given, outcome, "A", ofA, p);
        put(given, outcome, "B", ofB, p);
        outcome.put("storage_ratio", (double) (ofA.size() + ofB.size()) / (a.length() + b.length()));

        INDArray rebuiltA = Nd4j.create(DataType.DOUBLE, a.shape());
        INDArray rebuiltB = Nd4j.create(DataType.DOUBLE, b.shape());
        double[] errors = new double[tasks];
        for (int task = 0; task < tasks; task++) {
            at(rebuiltA, task).assign(ofA.rebuilt(task));
            at(rebuiltB, task).assign(ofB.rebuilt(task).transpose());
            INDArray product = at(a, task).mmul(at(b, task));
            errors[task] = product.sub(at(rebuiltA, task).mmul(at(rebuiltB, task)))
                    .norm2Number()
                    .doubleValue();
        }
        outcome.put("A_rebuilt", rebuiltA);
        outcome.put("B_rebuilt", rebuiltB);
        outcome.put("product_error", errors);
    }

    /** Bases and coefficients with the signs of the file; a basis vector and its coefficients turn together. */
    private static void put(ReferenceCase given, Outcome outcome, String factor, RmmParts parts, int p) {
        INDArray basis = parts.basis().dup('c');
        INDArray coefficients = parts.coefficients().dup('c');
        INDArray expected = ((Values) given.expected().get("basis_" + factor)).toNd4j();
        for (int position = 0; position < basis.size(0); position++) {
            for (int vector = 0; vector < p; vector++) {
                INDArray ours = at(basis, position).getColumn(vector);
                double dot = ours.mul(at(expected, position).getColumn(vector))
                        .sumNumber()
                        .doubleValue();
                if (dot < 0) {
                    ours.negi();
                    at(coefficients, position).getRow(vector).negi();
                }
            }
        }
        outcome.put("basis_" + factor, basis);
        outcome.put("coef_" + factor, coefficients);
        outcome.put("tail_" + factor, parts.dropped());
    }

    private static INDArray at(INDArray array, int index) {
        return array.get(NDArrayIndex.point(index), NDArrayIndex.all(), NDArrayIndex.all());
    }
}
