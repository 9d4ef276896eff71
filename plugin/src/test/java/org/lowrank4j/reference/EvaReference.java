package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.decomposition.PrincipalComponents;
import org.lowrank4j.initialisation.Eva;
import org.lowrank4j.initialisation.InputStatistics;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** EVA: principal components of inputs that come in batches, and the ranks that follow from them. */
public final class EvaReference implements Reference {

    @Override
    public String method() {
        return "eva";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.hasInput("explained_variance_ratio")) {
            ranks(given, outcome);
        } else {
            components(given, type, outcome);
        }
    }

    private static void ranks(ReferenceCase given, Outcome outcome) {
        double[][] ratios =
                given.input("explained_variance_ratio", DataType.DOUBLE).toDoubleMatrix();
        int[] ranks = Eva.ranks(ratios, given.whole("budget"));
        double[] asDouble = new double[ranks.length];
        for (int i = 0; i < ranks.length; i++) {
            asDouble[i] = ranks[i];
        }
        outcome.put("ranks", asDouble);
        outcome.notProduced("new_alpha", "the plan of the network scales alpha when it takes over these ranks");
    }

    private static void components(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray x = given.input("X", type);
        INDArray w = given.input("W", type);
        int rank = given.whole("r");
        // The file's analysis keeps all components.
        String rho = Double.toString((double) x.size(2) / rank);
        InputStatistics seen =
                new Eva().statistics(Targets.target(w, rank, rank, 1, Map.of("eva.rho", rho, "eva.tau", "1")));
        for (int batch = 0; batch < x.size(0); batch++) {
            seen.observe(x.slice(batch));
        }
        PrincipalComponents pca = ((Eva.PrincipalInputs) seen).components();
        outcome.put("mean", pca.mean());
        outcome.put("singular_values", pca.singularValues());
        outcome.put("explained_variance_ratio", pca.explainedVarianceRatios());
        Factors factors = start(w, rank, seen, "false");
        outcome.put("A", factors.a().castTo(type));
        outcome.put("B", factors.b().castTo(type));
        outcome.put("S_r", Arrays.copyOf(pca.singularValues(), rank));
        outcome.put("projector", factors.a().mmul(factors.a().transpose()));
        outcome.put("A_whitened", start(w, rank, seen, "true").a().castTo(type));
    }

    private static Factors start(INDArray w, int rank, InputStatistics seen, String whiten) {
        return new Eva()
                .start(new Start(
                        "layer0",
                        w,
                        rank,
                        rank,
                        1,
                        1e-3,
                        null,
                        seen,
                        new Random(1),
                        new OptionValues(new Eva(), Map.of("eva.whiten", whiten))));
    }
}
