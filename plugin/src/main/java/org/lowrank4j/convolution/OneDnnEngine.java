package org.lowrank4j.convolution;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;

/** oneDNN, for floats: its primitives work on ND4J's memory, and are kept for the layouts that they were made for. */
final class OneDnnEngine implements ConvolutionEngine {

    /** A layer sees few shapes; one whose pictures have ever new sizes does not keep a primitive for each. */
    private static final int MOST = 64;

    private final String version;
    private final PortableEngine portable = new PortableEngine();
    private final Map<List<Object>, Optional<OneDnnProduct>> products = new HashMap<>();

    OneDnnEngine(String version) {
        this.version = version;
    }

    @Override
    public String name(DataType type) {
        return type == DataType.FLOAT ? "oneDNN " + version : portable.name(type);
    }

    @Override
    public Convolution convolution(Frame frame, int examples, DataType type) {
        Supplier<Convolution> own = () -> portable.convolution(frame, examples, type);
        return type == DataType.FLOAT ? new OneDnnConvolution(this, frame, 0, own) : own.get();
    }

    @Override
    public Convolution depthwise(Frame frame, int multiplier, int examples, DataType type) {
        Supplier<Convolution> own = () -> portable.depthwise(frame, multiplier, examples, type);
        return type == DataType.FLOAT ? new OneDnnConvolution(this, frame, multiplier, own) : own.get();
    }

    /** A product of arrays of some layout; empty if oneDNN has no fast one. */
    Optional<OneDnnProduct> product(
            OneDnnProduct.Kind kind, OneDnnProduct.Geometry geometry, Layout pictures, Layout filters, Layout results) {
        if (products.size() >= MOST) {
            products.clear();
        }
        return products.computeIfAbsent(
                List.of(kind, geometry, pictures, filters, results),
                key -> OneDnnProduct.of(kind, geometry, pictures, filters, results));
    }

    /** Products that oneDNN has and has been asked for. */
    long present() {
        return products.values().stream().filter(Optional::isPresent).count();
    }
}
