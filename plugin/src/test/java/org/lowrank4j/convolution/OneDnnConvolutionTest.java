package org.lowrank4j.convolution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Products by oneDNN against ours, of shapes that networks have. */
class OneDnnConvolutionTest {

    private static final int EXAMPLES = 4;

    @BeforeEach
    void onThisPlatform() {
        assumeTrue(OneDnnHere.isExpected());
    }

    /**
     * A convolution.
     *
     * @param outputs 0 for a depthwise one
     */
    record Shape(int channels, int outputs, int side, int filter, int stride, int padding, int dilation) {

        Frame frame() {
            int places = (side + 2 * padding - (filter - 1) * dilation - 1) / stride + 1;
            return new Frame(channels, two(side), two(filter), two(stride), two(padding), two(dilation), two(places));
        }

        private static int[] two(int number) {
            return new int[] {number, number};
        }

        Convolution by(ConvolutionEngine engine) {
            return outputs == 0
                    ? engine.depthwise(frame(), 1, EXAMPLES, DataType.FLOAT)
                    : engine.convolution(frame(), EXAMPLES, DataType.FLOAT);
        }

        int results() {
            return outputs == 0 ? channels : outputs;
        }

        INDArray filters() {
            return outputs == 0
                    ? draw(channels, 1, filter, filter)
                    : draw(outputs, (long) channels * filter * filter).transpose();
        }
    }

    static Stream<Shape> shapes() {
        return Stream.of(
                new Shape(16, 24, 12, 3, 1, 1, 1),
                new Shape(16, 8, 13, 3, 2, 1, 1),
                new Shape(16, 4, 12, 3, 1, 2, 2),
                new Shape(3, 16, 20, 7, 2, 3, 1),
                new Shape(24, 16, 9, 1, 1, 0, 1),
                new Shape(24, 16, 9, 1, 2, 0, 1),
                new Shape(32, 0, 11, 3, 1, 1, 1),
                new Shape(32, 0, 12, 3, 2, 0, 1));
    }

    private static INDArray draw(long... shape) {
        return Nd4j.rand(DataType.FLOAT, shape).subi(0.5);
    }

    private static void assertClose(INDArray expected, INDArray actual, String what) {
        double most = expected.amaxNumber().doubleValue();
        assertEquals(0, expected.sub(actual).amaxNumber().doubleValue() / most, 1e-5, what);
    }

    /** The three products, and X^T D added to something. */
    private static List<INDArray> products(
            Convolution convolution, Shape shape, Pictures pictures, INDArray filters, INDArray delta) {
        INDArray forward = Nd4j.create(DataType.FLOAT, delta.shape()).addi(9);
        convolution.forward(pictures, filters, forward);
        INDArray below = Nd4j.create(DataType.FLOAT, shape.channels(), EXAMPLES, shape.side(), shape.side())
                .addi(9);
        convolution.backward(delta, filters, below);
        INDArray gradient = filters.ulike().addi(9);
        convolution.gradient(pictures, delta, -0.5, gradient, 0);
        INDArray kept = filters.dup();
        convolution.gradient(pictures, delta, 2, kept, 0.5);
        return List.of(forward, below, gradient, kept);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void productsAreOurs(Shape shape) {
        INDArray byChannel = draw(shape.channels(), EXAMPLES, shape.side(), shape.side());
        INDArray filters = shape.filters();
        int places = shape.frame().places()[0];
        INDArray delta = draw(shape.results(), EXAMPLES, places, places);
        OneDnnEngine engine = new OneDnnEngine("of this test");
        INDArray first = byChannel.permute(1, 0, 2, 3);
        // As layers leave them, as a program gives them, and with channels last.
        for (INDArray pictures : List.of(
                first, first.dup('c'), first.permute(0, 2, 3, 1).dup('c').permute(0, 3, 1, 2))) {
            List<INDArray> expected = products(
                    shape.by(new PortableEngine()),
                    shape,
                    new Pictures(pictures, array -> array.dup('c')),
                    filters,
                    delta);
            for (int again = 0; again < 2; again++) {
                List<INDArray> actual = products(
                        shape.by(engine), shape, new Pictures(pictures, array -> array.dup('c')), filters, delta);
                for (int i = 0; i < expected.size(); i++) {
                    assertClose(expected.get(i), actual.get(i), "product " + i);
                }
            }
        }
    }

    /** The rest would hold of ours, too. */
    @ParameterizedTest
    @MethodSource("shapes")
    void theyAreByOneDnn(Shape shape) {
        OneDnnEngine engine = new OneDnnEngine("of this test");
        int places = shape.frame().places()[0];
        products(
                shape.by(engine),
                shape,
                new Pictures(draw(EXAMPLES, shape.channels(), shape.side(), shape.side()), array -> array.dup('c')),
                shape.filters(),
                draw(shape.results(), EXAMPLES, places, places));
        assertEquals(shape.channels() < 8 ? 2 : 3, engine.present());
    }

    /** In a workspace, which gives memory of any alignment, and what it holds is old. */
    @Test
    void inAWorkspace() {
        Shape shape = new Shape(16, 24, 12, 3, 1, 1, 1);
        INDArray pictures = draw(EXAMPLES, 16, 12, 12);
        INDArray filters = shape.filters();
        INDArray delta = draw(24, EXAMPLES, 12, 12);
        List<INDArray> expected = products(
                shape.by(new PortableEngine()), shape, new Pictures(pictures, array -> array.dup('c')), filters, delta);
        WorkspaceConfiguration settings =
                WorkspaceConfiguration.builder().initialSize(1 << 24).build();
        OneDnnEngine engine = new OneDnnEngine("of this test");
        for (int i = 0; i < 3; i++) {
            try (MemoryWorkspace open = Nd4j.getWorkspaceManager().getAndActivateWorkspace(settings, "ONEDNN")) {
                Nd4j.create(DataType.FLOAT, 3 + i);
                List<INDArray> actual = products(
                        shape.by(engine), shape, new Pictures(pictures, array -> array.dup('c')), filters, delta);
                assertClose(expected.get(0), actual.get(0), "forward");
                assertClose(expected.get(1), actual.get(1), "backward");
            }
        }
    }

    /** Primitives that one thread made, run by another while a third runs its own. */
    @Test
    void onSeveralThreads() throws InterruptedException {
        Shape shape = new Shape(32, 32, 16, 3, 1, 1, 1);
        INDArray filters = shape.filters();
        INDArray pictures = draw(EXAMPLES, 32, 16, 16);
        INDArray delta = draw(32, EXAMPLES, 16, 16);
        List<OneDnnEngine> engines = List.of(new OneDnnEngine("one"), new OneDnnEngine("another"));
        List<INDArray> expected = List.of();
        for (OneDnnEngine engine : engines) {
            expected =
                    products(shape.by(engine), shape, new Pictures(pictures, array -> array.dup('c')), filters, delta);
        }
        List<INDArray> first = expected;
        List<String> wrong = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (OneDnnEngine engine : engines) {
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 40; i++) {
                    List<INDArray> now = products(
                            shape.by(engine), shape, new Pictures(pictures, array -> array.dup('c')), filters, delta);
                    for (int k = 0; k < now.size(); k++) {
                        if (!now.get(k).equalsWithEps(first.get(k), 0)) {
                            synchronized (wrong) {
                                wrong.add("product " + k);
                            }
                        }
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertTrue(wrong.isEmpty(), wrong::toString);
    }
}
