package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.average.PostHocEma;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Averages of some widths, and those of others that are made of their snapshots. */
public final class PosthocEmaReference extends AverageCases {

    public PosthocEmaReference() {
        super(new PostHocEma());
    }

    @Override
    public String method() {
        return "posthoc_ema";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        double[] widths = given.input("widths", DataType.DOUBLE).toDoubleVector();
        if (!given.hasInput("theta")) {
            int last = given.whole("last_step");
            double[] exponents = new double[widths.length];
            INDArray betas = Nd4j.create(DataType.DOUBLE, widths.length, last);
            for (int i = 0; i < widths.length; i++) {
                exponents[i] = PostHocEma.exponent(widths[i]);
                for (int t = 1; t <= last; t++) {
                    betas.putScalar(i, t - 1, PostHocEma.beta(exponents[i], t));
                }
            }
            outcome.put("exponents", exponents);
            outcome.put("betas", betas);
            return;
        }
        List<INDArray> steps = steps(given.input("theta", type));
        for (int t = steps.size() - 1; t > 0; t--) {
            steps.get(t).rsubi(steps.get(t - 1));
        }
        INDArray start = steps.get(0).like();
        steps.get(0).negi();
        List<List<INDArray>> averages = new ArrayList<>();
        for (double width : widths) {
            averages.add(averages(width, start, steps));
        }
        List<INDArray> snapshots = new ArrayList<>();
        List<Long> atStep = new ArrayList<>();
        List<Double> ofWidth = new ArrayList<>();
        for (int t = given.whole("snapshot_every"); t <= steps.size(); t += given.whole("snapshot_every")) {
            for (int i = 0; i < widths.length; i++) {
                snapshots.add(averages.get(i).get(t - 1));
                atStep.add((long) t);
                ofWidth.add(widths[i]);
            }
        }
        List<INDArray> coefficients = new ArrayList<>();
        List<INDArray> reconstructed = new ArrayList<>();
        List<INDArray> direct = new ArrayList<>();
        for (double wanted : given.input("wanted", DataType.DOUBLE).toDoubleVector()) {
            double[] parts = PostHocEma.coefficients(
                    atStep.stream().mapToLong(t -> t).toArray(),
                    ofWidth.stream().mapToDouble(width -> width).toArray(),
                    steps.size(),
                    wanted);
            INDArray sum = start.like();
            for (int i = 0; i < parts.length; i++) {
                sum.addi(snapshots.get(i).mul(parts[i]));
            }
            coefficients.add(Nd4j.createFromArray(parts));
            reconstructed.add(sum);
            List<INDArray> ofWanted = averages(wanted, start, steps);
            direct.add(ofWanted.get(ofWanted.size() - 1));
        }
        outcome.put("snapshots", stack(snapshots));
        outcome.put("snapshot_steps", atStep.stream().mapToDouble(t -> t).toArray());
        outcome.put(
                "snapshot_widths", ofWidth.stream().mapToDouble(width -> width).toArray());
        outcome.put("coefficients", stack(coefficients));
        outcome.put("reconstructed", stack(reconstructed));
        outcome.put("direct", stack(direct));
    }

    private List<INDArray> averages(double width, INDArray start, List<INDArray> steps) {
        return follow(mean(Map.of("first", width, "second", width / 2)), start, steps, 1)
                .averages();
    }
}
