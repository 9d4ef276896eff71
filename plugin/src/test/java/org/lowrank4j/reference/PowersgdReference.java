package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.gradient.exchange.CompressedExchange;
import org.lowrank4j.gradient.exchange.PowerSgdCompressor;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** PowerSGD: rounds of several workers, a matrix compressed and a vector as it is. */
public final class PowersgdReference implements Reference {

    @Override
    public String method() {
        return "powersgd";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray gradients = given.input("G", type);
        List<PowerSgdCompressor> workers = workers(given, type, gradients.size(2), gradients.size(3));
        workers.forEach(worker -> worker.kept().state().get("query").assign(given.input("Q0", type)));
        INDArray biases = given.input("bias", type);
        List<PowerSgdCompressor> ofBias = workers(given, type, 1, biases.size(2));
        INDArray approximation = Nd4j.create(type, new long[] {gradients.size(2), gradients.size(3)}, 'f');
        INDArray average = Nd4j.create(type, new long[] {1, biases.size(2)}, 'f');
        List<INDArray> approximations = new ArrayList<>();
        List<INDArray> errors = new ArrayList<>();
        List<INDArray> averages = new ArrayList<>();
        for (int round = 0; round < given.whole("rounds"); round++) {
            CompressedExchange.step(workers, perWorker(gradients.slice(round)), approximation);
            approximations.add(approximation.dup());
            errors.add(Nd4j.stack(
                    0,
                    workers.stream()
                            .map(worker -> worker.kept().state().get("error").dup())
                            .toArray(INDArray[]::new)));
            CompressedExchange.step(
                    ofBias,
                    perWorker(biases.slice(round)).stream()
                            .map(one -> one.reshape(1, one.length()))
                            .toList(),
                    average);
            averages.add(average.dup().reshape(average.length()));
        }
        outcome.put("approximation", Nd4j.stack(0, approximations.toArray(INDArray[]::new)));
        outcome.put("error", Nd4j.stack(0, errors.toArray(INDArray[]::new)));
        outcome.put("bias_mean", Nd4j.stack(0, averages.toArray(INDArray[]::new)));
    }

    private static List<PowerSgdCompressor> workers(ReferenceCase given, DataType type, long rows, long columns) {
        return IntStream.range(0, given.whole("workers"))
                .mapToObj(i -> new PowerSgdCompressor(
                        new Kept("test", type), rows, columns, given.whole("r"), 0, 1e-9, new Random(1)))
                .toList();
    }

    private static List<INDArray> perWorker(INDArray round) {
        return IntStream.range(0, (int) round.size(0))
                .mapToObj(i -> round.slice(i).dup('f'))
                .toList();
    }
}
