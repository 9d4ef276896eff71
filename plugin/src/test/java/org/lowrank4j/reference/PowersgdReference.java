package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.gradient.exchange.CompressedReplicas;
import org.lowrank4j.gradient.exchange.PowerSgdCompressor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** PowerSGD: replicas that meet, with a matrix that is compressed and a vector as it is. */
public final class PowersgdReference implements Reference {

    @Override
    public String method() {
        return "powersgd";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray gradients = given.input("G", type);
        INDArray biases = given.input("bias", type);
        long rows = gradients.size(2);
        long columns = gradients.size(3);
        CompressedReplicas replicas = new CompressedReplicas(
                type,
                given.whole("workers"),
                rows,
                columns,
                biases.size(2),
                kept -> new PowerSgdCompressor(kept, rows, columns, given.whole("r"), 0, 1e-9, new Random(1)));
        replicas.kept("query").forEach(query -> query.assign(given.input("Q0", type)));
        List<INDArray> approximations = new ArrayList<>();
        List<INDArray> errors = new ArrayList<>();
        List<INDArray> averages = new ArrayList<>();
        for (int round = 0; round < given.whole("rounds"); round++) {
            INDArray joint = replicas.step(slices(gradients.slice(round)), slices(biases.slice(round)));
            approximations.add(replicas.matrix(joint).dup());
            errors.add(Nd4j.stack(
                    0, replicas.kept("error").stream().map(INDArray::dup).toArray(INDArray[]::new)));
            averages.add(joint.get(NDArrayIndex.interval(rows * columns, joint.length())));
        }
        outcome.put("approximation", Nd4j.stack(0, approximations.toArray(INDArray[]::new)));
        outcome.put("error", Nd4j.stack(0, errors.toArray(INDArray[]::new)));
        outcome.put("bias_mean", Nd4j.stack(0, averages.toArray(INDArray[]::new)));
    }

    private static List<INDArray> slices(INDArray round) {
        return IntStream.range(0, (int) round.size(0))
                .mapToObj(i -> round.slice(i).dup('f'))
                .toList();
    }
}
