package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * LoRA on V = W0 + s A B of one weight, and the magnitudes of W's columns.
 *
 * <p>V is W with each column divided by its ratio M_j / c_j, so only the ratios are kept. With U = W - s [dA | A] [B' ; dB]
 * diag(ratios), a step leaves column j at
 *
 * <pre>W'_j = U_j (M'_j / M_j) (|W_j| / |U_j|)</pre>
 *
 * and multiplies its ratio by the same: W stays as it is, bit for bit, where nothing moves. What somebody else writes to W
 * moves V with it, and the magnitudes follow before the next step.
 */
final class DoraTarget implements TargetUpdate {

    private static final String MAGNITUDE = "M";
    private static final String RATIO = "ratio";

    private final TargetWeight target;
    private final INDArray weight;
    private final LoraTarget lora;
    /** 1 x nOut, positive or negative; 0 for a column of zeros only. */
    private final INDArray magnitude;
    /** M_j / c_j, of the sign of M_j; 0 for a column of zeros, which has no direction. 1 x nOut. */
    private final INDArray ratios;
    /** [B ; dB] with columns scaled. */
    private final INDArray moved;
    /** How far |M_j| and the norm of W's column may drift apart by rounding, in parts of them. */
    private final double rounding;

    private final List<TrainedTensor> tensors;
    /** Of W's columns at the beginning of a step; empty between steps. */
    private double[] norms = {};

    DoraTarget(TargetWeight target) {
        this.target = target;
        weight = target.weight();
        moved = Nd4j.create(target.dataType(), new long[] {2L * target.rank(), target.outputs()}, 'c');
        lora = new LoraTarget(target) {
            @Override
            void move(INDArray left, INDArray right) {
                moved.assign(right).muliRowVector(ratios);
                super.move(left, moved);
            }
        };
        long[] row = {1, target.outputs()};
        magnitude = Nd4j.create(target.dataType(), row, 'c');
        ratios = Nd4j.create(target.dataType(), row, 'c');
        rounding = target.dataType() == DataType.DOUBLE ? 1e-12 : 1e-5;
        tensors = Stream.concat(
                        lora.tensors().stream(), Stream.of(new TrainedTensor(MAGNITUDE, row, 'c', magnitude, true)))
                .toList();
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start(Factors start) {
        lora.start(start);
        magnitude.assign(0);
        ratios.assign(0);
        follow();
    }

    @Override
    public void beforeForward(int iteration, int epoch) {
        follow();
    }

    @Override
    public void abandon() {
        norms = new double[0];
    }

    /** Looks at W's columns: where the magnitude is not the norm, somebody else has written to W. */
    private void follow() {
        norms = columnNorms();
        for (int j = 0; j < norms.length; j++) {
            double known = Math.abs(magnitude.getDouble(j));
            if (Math.abs(norms[j] - known) > rounding * Math.max(norms[j], known)) {
                if (norms[j] == 0) {
                    ratios.putScalar(j, 0);
                } else if (ratios.getDouble(j) == 0) {
                    ratios.putScalar(j, 1);
                }
                magnitude.putScalar(j, ratios.getDouble(j) < 0 ? -norms[j] : norms[j]);
            }
        }
    }

    private double[] columnNorms() {
        return weight.norm2(true, 0).toDoubleVector();
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        lora.gradient(gradient.withColumnsScaled(ratios), gradients);
        // (x V)_j / c_j is (x W)_j / M_j; a column of zeros has 0 above the line.
        INDArray divisors = magnitude.add(magnitude.eq(0).castTo(magnitude.dataType()));
        gradients[2].assign(gradient.columnDots(weight)).divi(divisors);
    }

    @Override
    public void step(INDArray[] steps) {
        if (norms.length == 0) {
            follow();
        }
        double[] before = magnitude.toDoubleVector();
        lora.step(steps);
        magnitude.subi(steps[2]);
        double[] after = magnitude.toDoubleVector();
        double[] turned = columnNorms();
        double[] factors = new double[norms.length];
        for (int j = 0; j < factors.length; j++) {
            boolean hasDirection = norms[j] > 0 && turned[j] > 0;
            factors[j] = hasDirection ? after[j] / before[j] * (norms[j] / turned[j]) : 0;
            if (!hasDirection) {
                magnitude.putScalar(j, 0);
            }
        }
        INDArray row = Nd4j.createFromArray(factors).castTo(weight.dataType()).reshape(1, factors.length);
        ratios.muli(row);
        weight.muliRowVector(row);
        norms = new double[0];
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>(lora.state());
        state.put(MAGNITUDE, magnitude);
        state.put(RATIO, ratios);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        lora.restore(state);
        SavedState.copy(state, MAGNITUDE, magnitude, target);
        SavedState.copy(state, RATIO, ratios, target);
    }
}
