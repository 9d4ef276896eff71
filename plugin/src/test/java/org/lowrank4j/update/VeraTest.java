package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.SharedArrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

class VeraTest {

    private static final int RANK = 4;

    @Test
    void theNetworkStartsUnchangedAndTheFirstStepMovesOnlyB() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, RANK, 1, Map.of("vera.d-initial", "0.3"));
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new Vera().attach(problem.target);
        update.start();
        assertEquals(before, problem.target.weight());
        new Problem.Run(problem, update, new Sgd(0.01)).step();
        assertEquals(Nd4j.valueArrayOf(new long[] {1, RANK}, 0.3, DataType.DOUBLE), value(update, 0));
        assertTrue(value(update, 1).normmaxNumber().doubleValue() > 1e-6);
        assertNotEquals(before, problem.target.weight());
        assertEquals(
                RANK + 6,
                update.tensors().stream().mapToLong(TrainedTensor::length).sum());
    }

    @Test
    void layersShareTheirMatrices() {
        SharedArrays shared = Given.shared(11, 9, 7);
        TargetUpdate tall = attach(weight(9, 5), shared);
        TargetUpdate wide = attach(weight(6, 7), shared);
        // With d = b = 1 and x = I, the change of W is A B of the layer's own size.
        INDArray ofTall = changeAtOnes(tall, 9, 5);
        INDArray ofWide = changeAtOnes(wide, 6, 7);
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < 5; j++) {
                assertEquals(ofTall.getDouble(i, j), ofWide.getDouble(i, j), 1e-14);
            }
        }
        // Both were drawn already: asking again makes nothing new.
        String key = " of rank " + RANK + ", seed 11";
        for (String factor : new String[] {"A", "B"}) {
            common(shared, factor + key);
        }
    }

    @Test
    void theSharedMatricesAreUniformWithinTheirBounds() {
        SharedArrays shared = Given.shared(3, 300, 200);
        new Vera().attach(Given.target("layer0", weight(300, 200), 40, 1, 1, 1, Map.of(), shared));
        String key = " of rank 40, seed 3";
        assertUniform(Math.sqrt(6.0 / 300), common(shared, "A" + key));
        assertUniform(Math.sqrt(6.0 / 40), common(shared, "B" + key));
    }

    private static void assertUniform(double bound, INDArray array) {
        double largest = array.normmaxNumber().doubleValue();
        assertTrue(largest <= bound && largest > 0.99 * bound, largest + " within " + bound);
        assertEquals(bound / Math.sqrt(3), array.stdNumber().doubleValue(), 0.02 * bound);
        assertEquals(0, array.meanNumber().doubleValue(), 0.03 * bound);
    }

    @Test
    void aSavedSeedBeatsTheOneOfTheRun() {
        TargetUpdate first = attach(weight(6, 5), Given.shared(1, 6, 5));
        TargetUpdate second = attach(weight(6, 5), Given.shared(2, 6, 5));
        assertNotEquals(changeAtOnes(first, 6, 5), changeAtOnes(second, 6, 5));
        TargetUpdate again = attach(weight(6, 5), Given.shared(1, 6, 5));
        TargetUpdate restored = attach(weight(6, 5), Given.shared(2, 6, 5));
        restored.kept().restore(new HashMap<>(again.kept().state()));
        assertEquals(changeAtOnes(again, 6, 5), changeAtOnes(restored, 6, 5));
    }

    @Test
    void theWeightFollowsBothVectors() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, RANK, 1, Map.of());
        INDArray base = problem.target.weight().dup();
        TargetUpdate update = new Vera().attach(problem.target);
        update.start();
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        for (int i = 0; i < 30; i++) {
            run.step();
        }
        String key = " of rank " + RANK + ", seed 7";
        INDArray a = common(problem.target.shared(), "A" + key);
        INDArray b = common(problem.target.shared(), "B" + key);
        INDArray held = base.add(a.mulRowVector(value(update, 0)).mmul(b).mulRowVector(value(update, 1)));
        assertTrue(held.sub(problem.target.weight()).normmaxNumber().doubleValue() <= 1e-5);
        assertTrue(value(update, 0).sub(0.1).normmaxNumber().doubleValue() > 0.01, "d is trained, too");
    }

    @Test
    void dMustNotStartAtZero() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, RANK, 1, Map.of("vera.d-initial", "0"));
        LowRankException refused = assertThrows(LowRankException.class, () -> new Vera().attach(problem.target));
        assertTrue(refused.getMessage().contains("vera.d-initial=0 is refused"), refused.getMessage());
    }

    /** A matrix that the layers have drawn already. */
    private static INDArray common(SharedArrays shared, String name) {
        Kept kept = new Kept("the test", DataType.DOUBLE);
        INDArray array = shared.array("common " + name, kept, 'c', new long[] {1, 1}, drawn -> {});
        assertEquals(0, kept.bytes(), name + " was not shared");
        return array;
    }

    private static INDArray changeAtOnes(TargetUpdate update, int inputs, int outputs) {
        INDArray[] gradients = {
            Nd4j.create(DataType.DOUBLE, new long[] {1, RANK}, 'c'),
            Nd4j.create(DataType.DOUBLE, new long[] {1, outputs}, 'c')
        };
        INDArray change = Nd4j.create(DataType.DOUBLE, inputs, outputs);
        value(update, 0).assign(1);
        value(update, 1).assign(1);
        for (int i = 0; i < inputs; i++) {
            // dL/db at G with a single row of ones is that row of A diag(d) B.
            INDArray delta = Nd4j.zeros(DataType.DOUBLE, inputs, outputs);
            delta.getRow(i).assign(1);
            update.gradient(new OuterProduct(Nd4j.eye(inputs).castTo(DataType.DOUBLE), delta), gradients);
            change.getRow(i).assign(gradients[1]);
        }
        return change;
    }

    private static TargetUpdate attach(INDArray weight, SharedArrays shared) {
        TargetUpdate update = new Vera().attach(Given.target("layer0", weight, RANK, 1, 1, 1, Map.of(), shared));
        update.start();
        return update;
    }

    private static INDArray weight(int inputs, int outputs) {
        return Nd4j.create(DataType.DOUBLE, new long[] {inputs, outputs}, 'f');
    }

    private static INDArray value(TargetUpdate update, int tensor) {
        return update.tensors().get(tensor).value();
    }
}
