package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The products that no training of the layers can do without, and nothing else: each layer's forward product, and the
 * epsilon products above the first layer; of convolutions those of all patches, and nothing of depthwise ones and of
 * normalisation, which are no matrix products; of LSTMs one for the inputs of all steps and two for each step; of an
 * embedding the rows of its tokens. Each layer has a W of its own, because one W for all would stay in the cache.
 *
 * <p>A product can be written as z = x W or as its transpose, which BLAS computes at different speeds: the floor takes
 * whichever is faster here.
 */
final class GemmFloor implements Work {

    /** A layer's product: rows x inputs by inputs x columns. */
    private record Product(long rows, long inputs, long columns) {}

    private final List<Runnable> products = new ArrayList<>();
    private final Map<List<Object>, INDArray> arrays = new HashMap<>();

    GemmFloor(Workload workload) {
        if (workload.embeds()) {
            products.add(rows(workload));
        }
        List<Product> layers = layers(workload);
        for (Product layer : layers) {
            products.add(layer(layer, false));
        }
        for (int i = 0; i < workload.depth() && workload.recurs(); i++) {
            products.add(recurrent(workload));
        }
        for (Product layer : layers.subList(workload.embeds() ? 0 : 1, layers.size())) {
            products.add(layer(layer, true));
        }
    }

    private static List<Product> layers(Workload workload) {
        List<Product> layers = workload.seesPictures() ? convolutions(workload) : new ArrayList<>();
        for (int i = 0; i < workload.depth() && (workload.isDense() || workload.recurs()); i++) {
            layers.add(
                    workload.recurs()
                            ? new Product(
                                    (long) workload.batch() * workload.size(),
                                    workload.width(),
                                    (long) Workload.GATES * workload.width())
                            : new Product(workload.batch(), workload.width(), workload.width()));
        }
        if (!workload.isWhole()) {
            layers.add(new Product(workload.batch(), workload.width(), BenchmarkNetworks.CLASSES));
        }
        return layers;
    }

    /** Of all patches: of a network's convolutions, from what goes into each. */
    private static List<Product> convolutions(Workload workload) {
        List<Product> products = new ArrayList<>();
        INDArray x = BenchmarkNetworks.input(workload);
        if (BenchmarkNetworks.of(workload, false) instanceof ComputationGraph graph) {
            Map<String, INDArray> outputs = graph.feedForward(x, false);
            for (Layer layer : graph.getLayers()) {
                add(products, layer, outputs.get(layer.conf().getLayer().getLayerName()));
            }
        } else if (BenchmarkNetworks.of(workload, false) instanceof MultiLayerNetwork network) {
            List<INDArray> outputs = network.feedForward(x, false);
            for (int i = 0; i < network.getnLayers(); i++) {
                add(products, network.getLayer(i), outputs.get(i + 1));
            }
        }
        return products;
    }

    private static void add(List<Product> products, Layer layer, INDArray output) {
        if (layer.getClass() == ConvolutionLayer.class) {
            INDArray filters = layer.getParam("W");
            products.add(new Product(
                    output.length() / filters.size(0), filters.length() / filters.size(0), filters.size(0)));
        }
    }

    /** z = x W, or the way back, epsilon = delta W^T. */
    private Runnable layer(Product layer, boolean back) {
        INDArray w =
                Nd4j.randn(layer.inputs(), layer.columns()).divi(layer.inputs()).dup('f');
        INDArray x = array("given", layer.rows(), back ? layer.columns() : layer.inputs());
        INDArray z = array("made", layer.rows(), back ? layer.inputs() : layer.columns());
        INDArray transposedX = array("given", x.columns(), x.rows());
        INDArray transposedZ = array("made", z.columns(), z.rows());
        return faster(
                () -> Blas.gemm(x, w, z, false, back, 1, 0),
                () -> Blas.gemm(w, transposedX, transposedZ, !back, false, 1, 0));
    }

    /** One for all layers of a shape: what a layer reads has just been written by its neighbour. */
    private INDArray array(String use, long rows, long columns) {
        return arrays.computeIfAbsent(
                List.of(use, rows, columns), key -> Nd4j.randn(rows, columns).dup('f'));
    }

    /** The row of the table for each token. */
    private static Runnable rows(Workload workload) {
        int tokens = workload.batch() * Workload.TOKENS;
        INDArray table = Nd4j.randn(workload.size(), workload.width()).dup('f');
        INDArray picked = Nd4j.create(new long[] {tokens, workload.width()}, 'c');
        int[] numbers = new Random(1).ints(tokens, 0, workload.size()).toArray();
        return () -> Nd4j.pullRows(table, picked, 1, numbers);
    }

    /** z += h RW and dL/dh = D RW^T in each step. */
    private static Runnable recurrent(Workload workload) {
        int units = workload.width();
        INDArray weight = Nd4j.randn(units, Workload.GATES * units).divi(units).dup('f');
        List<Runnable> ways = new ArrayList<>();
        for (char order : new char[] {'f', 'c'}) {
            INDArray h = Nd4j.randn(workload.batch(), units).dup(order);
            INDArray z = Nd4j.create(new long[] {workload.batch(), (long) Workload.GATES * units}, order);
            INDArray ofH = Nd4j.create(new long[] {workload.batch(), units}, order);
            ways.add(() -> {
                for (int step = 0; step < workload.size(); step++) {
                    Blas.gemm(h, weight, z, false, false, 1, 0);
                    Blas.gemm(z, weight, ofH, false, true, 1, 0);
                }
            });
        }
        return faster(ways.get(0), ways.get(1));
    }

    private static Runnable faster(Runnable one, Runnable other) {
        double best = Double.POSITIVE_INFINITY;
        Runnable fastest = one;
        for (int repeat = 0; repeat < 3; repeat++) {
            for (Runnable candidate : List.of(one, other)) {
                double time = Worker.run(candidate::run, 0).cpu();
                if (time < best) {
                    best = time;
                    fastest = candidate;
                }
            }
        }
        return fastest;
    }

    @Override
    public void run() {
        products.forEach(Runnable::run);
    }
}
