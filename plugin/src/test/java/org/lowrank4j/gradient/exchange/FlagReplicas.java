package org.lowrank4j.gradient.exchange;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lowrank4j.engine.Meetings;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** One step of the Flag Aggregator from a subspace that is given, by replicas that meet, and what happens inside of it. */
public final class FlagReplicas {

    private final INDArray gradients;
    private final int dimensions;
    private final int iterations;
    private final double lambda;
    private final INDArray directions;
    private final INDArray captured;

    /**
     * @param gradients a row for each replica
     * @param basis orthonormal columns of the subspace to begin with
     */
    public FlagReplicas(INDArray gradients, INDArray basis, int dimensions, int iterations, double lambda) {
        this.gradients = gradients;
        this.dimensions = dimensions;
        this.iterations = iterations;
        this.lambda = lambda;
        INDArray exact = gradients.castTo(DataType.DOUBLE);
        directions = exact.divColumnVector(exact.norm2(true, 1)).transpose().dup();
        INDArray within = basis.castTo(DataType.DOUBLE).transpose().mmul(directions);
        captured = within.transpose().mmul(within);
    }

    /** What all replicas go on with. */
    public INDArray aggregate(String scale) {
        long length = gradients.size(1);
        ExchangedTensor tensor = new ExchangedTensor("all", 0, 'c', 1, length, 1, false);
        ExchangedGradient given =
                new ExchangedGradient(gradients.dataType(), List.of(tensor), (int) gradients.size(0), 1);
        List<INDArray> joint = new ArrayList<>();
        for (int i = 0; i < gradients.size(0); i++) {
            joint.add(gradients.getRow(i).dup());
        }
        Meetings.meet(
                new FlagSteps(
                        given,
                        dimensions,
                        iterations,
                        lambda,
                        FlagExchange.Scale.valueOf(scale.toUpperCase(Locale.ROOT)),
                        gram -> captured),
                joint);
        return joint.get(joint.size() - 1);
    }

    /** The same steps, one by one. */
    public final class Inside {

        private final FlagSubspace subspace =
                new FlagSubspace(directions.transpose().mmul(directions), dimensions, lambda, captured);
        private final List<double[]> weights = new ArrayList<>();
        private final List<Double> objectives = new ArrayList<>(List.of(subspace.objective()));

        /** Takes them. */
        public Inside() {
            for (int i = 0; i < iterations; i++) {
                weights.add(subspace.weights());
                subspace.iterate();
                objectives.add(subspace.objective());
            }
        }

        /** Y Y^T. */
        public INDArray projector() {
            INDArray basis = directions.mmul(subspace.basis());
            return basis.mmul(basis.transpose());
        }

        public double[] captured() {
            return subspace.captured();
        }

        /** A row for each iteration. */
        public INDArray weights() {
            return Nd4j.createFromArray(weights.toArray(double[][]::new));
        }

        public double[] objectives() {
            return objectives.stream().mapToDouble(Double::doubleValue).toArray();
        }
    }
}
