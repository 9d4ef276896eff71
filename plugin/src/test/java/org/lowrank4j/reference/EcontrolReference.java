package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.lowrank4j.gradient.exchange.CompressedReplicas;
import org.lowrank4j.gradient.exchange.EControlCompressor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** EControl: replicas that meet with the gradients a x - b of their own, as matrices of two rows. */
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
        int count = given.whole("workers");
        long columns = x.length() / 2;
        CompressedReplicas replicas = new CompressedReplicas(
                type,
                count,
                2,
                columns,
                0,
                kept -> new EControlCompressor(kept, 2, columns, given.whole("K"), given.number("eta"), !fromZero));
        INDArray server = x.like();
        List<INDArray> points = new ArrayList<>();
        List<INDArray> errors = new ArrayList<>();
        List<INDArray> estimates = new ArrayList<>();
        List<INDArray> sent = new ArrayList<>();
        for (int round = 0; round < given.whole("rounds"); round++) {
            INDArray gradients = a.mulRowVector(x).sub(b);
            // A first estimate that is the gradient itself counts as known from the start.
            INDArray before = round == 0 && !fromZero ? gradients : all(replicas, "estimate");
            server = replicas.step(
                    IntStream.range(0, count)
                            .mapToObj(i -> gradients.getRow(i).dup().reshape('f', 2, columns))
                            .toList(),
                    List.of());
            x.subi(server.mul(given.number("gamma")));
            points.add(x.dup());
            errors.add(all(replicas, "error"));
            estimates.add(all(replicas, "estimate"));
            sent.add(all(replicas, "estimate").sub(before));
        }
        outcome.put("x", Nd4j.stack(0, points.toArray(INDArray[]::new)));
        outcome.put("e", Nd4j.stack(0, errors.toArray(INDArray[]::new)));
        outcome.put("h", Nd4j.stack(0, estimates.toArray(INDArray[]::new)));
        outcome.put("sent", Nd4j.stack(0, sent.toArray(INDArray[]::new)));
        outcome.put("server", server);
    }

    private static INDArray all(CompressedReplicas replicas, String name) {
        return Nd4j.stack(
                0,
                replicas.kept(name).stream()
                        .map(array -> array.dup('f').reshape('f', new long[] {array.length()}))
                        .toArray(INDArray[]::new));
    }
}
