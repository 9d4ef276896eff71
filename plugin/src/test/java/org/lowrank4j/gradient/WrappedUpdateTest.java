package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Kept;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;

/** An approximation must not swallow anything that the engine tells the update behind it. */
class WrappedUpdateTest {

    private final Problem problem = new Problem(DataType.DOUBLE, 6, 4, 2, 1, Map.of());
    private final INDArray tensor = problem.gaussian(DataType.DOUBLE, 6, 2).dup('f');
    private final TargetUpdate update = mock(TargetUpdate.class);

    private TargetUpdate wrapped() {
        when(update.tensors()).thenReturn(List.of(new TrainedTensor("A", tensor.shape(), 'f', tensor, false)));
        return new PerpendicularGradient().approximate(update, problem.target);
    }

    @Test
    void everyCallIsPassedOn() {
        TargetUpdate wrapped = wrapped();
        Factors factors = problem.factors();
        INDArray[] arrays = {tensor.dup('f')};
        L2Regularization l2 = new L2Regularization(0.1);
        double[] rates = {0.1};
        wrapped.start();
        wrapped.start(factors);
        wrapped.beforeForward(3, 1);
        wrapped.abandon();
        OuterProduct gradient = new OuterProduct(problem.x, problem.y);
        wrapped.gradient(gradient, arrays);
        wrapped.regularise(l2, arrays, rates, 3, 1);
        wrapped.step(arrays);
        verify(update).start();
        verify(update).start(factors);
        verify(update).beforeForward(3, 1);
        verify(update).abandon();
        verify(update).gradient(gradient, arrays);
        verify(update).regularise(l2, arrays, rates, 3, 1);
        verify(update).step(arrays);
        Sgd updater = new Sgd(0.1);
        when(update.updater(any(), any())).thenReturn(updater);
        assertSame(updater, wrapped.updater(wrapped.tensors().get(0), new Adam()));
        assertTrue(wrapped.movesUpdaterState());
        ExtraPasses extra = mock(ExtraPasses.class);
        when(update.extraPasses()).thenReturn(extra);
        assertSame(extra, wrapped.extraPasses());
    }

    /** A method that is added to updates and forgotten here would silently do nothing behind an approximation. */
    @Test
    void noMethodIsForgotten() {
        Set<String> needed = Stream.of(TargetUpdate.class.getMethods())
                .map(WrappedUpdateTest::signature)
                .collect(Collectors.toSet());
        Set<String> there = Stream.of(WrappedUpdate.class.getDeclaredMethods())
                .map(WrappedUpdateTest::signature)
                .collect(Collectors.toSet());
        needed.removeAll(there);
        assertEquals(Set.of(), needed);
    }

    private static String signature(Method method) {
        return method.getName() + List.of(method.getParameterTypes());
    }

    @Test
    void theUpdateSeesWhatTheApproximationMadeOfTheGradient() {
        TargetUpdate wrapped = wrapped();
        INDArray[] gradients = {tensor.mul(2).dup('f')};
        INDArray[] states = {Nd4j.empty(DataType.DOUBLE)};
        wrapped.beforeUpdater(gradients, states);
        verify(update, never()).beforeUpdater(any(), any());
        when(update.movesUpdaterState()).thenReturn(true);
        wrapped.beforeUpdater(gradients, states);
        verify(update).beforeUpdater(gradients, states);
        assertTrue(gradients[0].normmaxNumber().doubleValue() < 1e-12, "a gradient along the tensor becomes 0");
    }

    @Test
    void statesAreKeptApart() {
        when(update.tensors()).thenReturn(List.of(new TrainedTensor("A", tensor.shape(), 'f', tensor, false)));
        Kept kept = problem.target.kept();
        kept.saved("A", tensor);
        when(update.kept()).thenReturn(kept);
        TargetUpdate wrapped = new Adafactor().approximate(update, problem.target);
        Map<String, INDArray> saved = new HashMap<>();
        wrapped.kept().state().forEach((name, array) -> saved.put(name, array.dup()));
        assertEquals(Set.of("A", "adafactor.A.rows", "adafactor.A.columns", "adafactor.A.step"), saved.keySet());
        saved.get("adafactor.A.rows").assign(7);
        wrapped.kept().restore(saved);
        assertEquals(7, wrapped.kept().state().get("adafactor.A.rows").getDouble(0));
    }
}
