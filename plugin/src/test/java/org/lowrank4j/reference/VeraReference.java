package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.SharedArrays;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.Vera;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** VeRA: the start of both vectors and their gradients, around the file's shared matrices. */
public final class VeraReference implements Reference {

    private static final long SEED = 5;

    @Override
    public String method() {
        return "vera";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        INDArray x = given.input("x", type);
        INDArray delta = given.input("delta", type);
        TargetWeight target = target(given, w, type);
        TargetUpdate update = new Vera().attach(target);
        update.start();
        INDArray d = Targets.value(update, 0);
        INDArray b = Targets.value(update, 1);
        outcome.put("lambda_d_init", d.dup().reshape(d.length()));
        outcome.put("lambda_b_init", b.dup().reshape(b.length()));
        outcome.put("bound_A", Vera.bound(target.shared().largestInputs()));
        outcome.put("bound_B", Vera.bound(target.rank()));

        stepTo(given, type, update);
        INDArray[] gradients = Targets.views(update, w);
        update.gradient(new OuterProduct(x, delta), gradients);
        outcome.put("dlambda_d", gradients[0].reshape(d.length()));
        outcome.put("dlambda_b", gradients[1].reshape(b.length()));
        outcome.put("y", x.mmul(target.weight()));
        outcome.put("dx", delta.mmul(target.weight().transpose()));

        TargetWeight change = target(given, Nd4j.zeros(type, w.shape()), type);
        TargetUpdate ofChange = new Vera().attach(change);
        ofChange.start();
        stepTo(given, type, ofChange);
        outcome.put("delta_W", change.weight());
    }

    /** From the start to the file's vectors in one step. */
    private static void stepTo(ReferenceCase given, DataType type, TargetUpdate update) {
        INDArray d = Targets.value(update, 0);
        INDArray b = Targets.value(update, 1);
        update.step(new INDArray[] {
            d.sub(given.input("lambda_d", type).reshape(1, d.length())),
            b.sub(given.input("lambda_b", type).reshape(1, b.length()))
        });
    }

    private static TargetWeight target(ReferenceCase given, INDArray w, DataType type) {
        INDArray a = given.input("A_shared", type).dup('c');
        INDArray b = given.input("B_shared", type).dup('f');
        SharedArrays shared = Given.shared(SEED, a.size(0), b.size(1));
        String key = " of rank " + given.whole("r") + ", seed " + SEED;
        Kept kept = new Kept("the network", type);
        shared.array("common A" + key, kept, 'c', a.shape(), drawn -> drawn.assign(a));
        shared.array("common B" + key, kept, 'f', b.shape(), drawn -> drawn.assign(b));
        return Given.target(
                "layer0",
                w.dup('f'),
                given.whole("r"),
                1,
                1,
                1,
                Map.of("vera.d-initial", Double.toString(given.number("d_initial"))),
                shared);
    }
}
