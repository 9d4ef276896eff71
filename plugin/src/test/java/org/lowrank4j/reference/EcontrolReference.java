package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.lowrank4j.gradient.exchange.CompressedExchange;
import org.lowrank4j.gradient.exchange.EControlCompressor;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** EControl: workers with the gradients a x - b of their own. */
public final class EcontrolReference implements Reference {

    @Override
    public String method() {
        return "econtrol";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        boolean fromZero = given.name().endsWith("zero_init");
        INDArray x = given.input("x0", type).dup();
        INDArray a = given.input("a", type);
        INDArray b = given.input("b", type);
        List<EControlCompressor> workers = IntStream.range(0, given.whole("workers"))
                .mapToObj(i -> new EControlCompressor(
                        new Kept("test", type), x.length(), 1, given.whole("K"), given.number("eta"), !fromZero))
                .toList();
        INDArray server = Nd4j.create(type, new long[] {x.length(), 1}, 'f');
        List<INDArray> points = new ArrayList<>();
        List<INDArray> errors = new ArrayList<>();
        List<INDArray> estimates = new ArrayList<>();
        List<INDArray> sent = new ArrayList<>();
        for (int round = 0; round < given.whole("rounds"); round++) {
            INDArray gradients = a.mulRowVector(x).sub(b);
            // A first estimate that is the gradient itself counts as known from the start.
            INDArray before = round == 0 && !fromZero ? gradients : all(workers, "estimate");
            CompressedExchange.step(
                    workers,
                    IntStream.range(0, workers.size())
                            .mapToObj(i -> gradients.getRow(i).dup().reshape(x.length(), 1))
                            .toList(),
                    server);
            x.subi(server.reshape(x.length()).mul(given.number("gamma")));
            points.add(x.dup());
            errors.add(all(workers, "error"));
            estimates.add(all(workers, "estimate"));
            sent.add(all(workers, "estimate").sub(before));
        }
        outcome.put("x", Nd4j.stack(0, points.toArray(INDArray[]::new)));
        outcome.put("e", Nd4j.stack(0, errors.toArray(INDArray[]::new)));
        outcome.put("h", Nd4j.stack(0, estimates.toArray(INDArray[]::new)));
        outcome.put("sent", Nd4j.stack(0, sent.toArray(INDArray[]::new)));
        outcome.put("server", server.reshape(x.length()));
    }

    private static INDArray all(List<EControlCompressor> workers, String name) {
        return Nd4j.stack(
                0,
                workers.stream()
                        .map(worker -> worker.kept()
                                .state()
                                .get(name)
                                .dup()
                                .reshape(worker.kept().state().get(name).length()))
                        .toArray(INDArray[]::new));
    }
}
