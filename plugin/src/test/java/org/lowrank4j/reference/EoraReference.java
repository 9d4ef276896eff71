package org.lowrank4j.reference;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.Eigenspace;
import org.lowrank4j.initialisation.Eora;
import org.lowrank4j.initialisation.InputStatistics;
import org.lowrank4j.initialisation.OriginalZip;
import org.lowrank4j.initialisation.SecondMoment;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** EoRA: the start of a compressed weight, whose original comes from a model zip. */
public final class EoraReference implements Reference {

    @Override
    public String method() {
        return "eora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray compressed = given.input("W_compressed", type);
        INDArray x = given.input("X", type);
        double scale = given.number("s");
        int rank = given.whole("r");
        Path original = OriginalZip.of(given.input("W", type));
        Eora eora = new Eora();
        TargetWeight target =
                Targets.target(compressed, rank, rank * scale, scale, Map.of("eora.original", original.toString()));
        InputStatistics inputs = eora.statistics(target);
        inputs.observe(x);
        Factors factors = eora.start(new Start(
                target.layer(),
                compressed,
                rank,
                rank * scale,
                scale,
                Double.NaN,
                null,
                inputs,
                new Random(1),
                target.optionsOf(eora)));
        INDArray a = factors.a().castTo(type);
        INDArray b = factors.b().castTo(type);
        INDArray compensated = factors.base().add(a.mmul(b).mul(scale));
        outcome.put("A", ofPairsThatCompensate(a, b));
        outcome.put("B", b);
        outcome.put("AB", a.mmul(b));
        outcome.put("W_compensated", compensated);

        SecondMoment moment = new SecondMoment(compressed.size(0));
        moment.observe(x);
        Eigenspace eigenspace = Eigenspace.of(moment.mean());
        INDArray exact = given.input("W", type).castTo(DataType.DOUBLE);
        INDArray residual = exact.sub(compressed.castTo(DataType.DOUBLE));
        outcome.put("C", moment.mean());
        outcome.put("kept_eigenvalues", eigenspace.dimension());
        outcome.put("S", singularValues(eigenspace.projection().transpose().mmul(residual), given.lengthOf("S")));
        outcome.put("output_error_none", eigenspace.outputError(residual));
        outcome.put(
                "output_error_svd",
                eigenspace.outputError(residual.sub(ThinSvd.of(residual).truncated(rank))));
        outcome.put("output_error", eigenspace.outputError(exact.sub(compensated.castTo(DataType.DOUBLE))));
    }

    /** A start lets pairs that compensate nothing begin as LoRA's do, with a row of B that is 0; the formula has none. */
    private static INDArray ofPairsThatCompensate(INDArray a, INDArray b) {
        INDArray compensating = a.dup();
        for (long i = 0; i < b.size(0); i++) {
            if (b.getRow(i).normmaxNumber().doubleValue() == 0) {
                compensating.getColumn(i).assign(0);
            }
        }
        return compensating;
    }

    /** With zeros for the directions that the calibration says nothing of, if the file counts them. */
    private static double[] singularValues(INDArray projected, int length) {
        double[] values = ThinSvd.of(projected).singularValues();
        return length > values.length ? Arrays.copyOf(values, length) : values;
    }
}
