package org.lowrank4j.engine;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.weights.embeddings.WeightInitEmbedding;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which layers are still as DL4J drew them in this JVM, so that nobody has trained them yet.
 *
 * <p>What was drawn is known by its bits, not by the network that it was drawn for: a layer that was copied, cloned, saved
 * and read back or taken over by transfer learning is as random as it was, and one whose parameters were trained, set or
 * loaded has other bits, however that was done. A fingerprint is two checksums over the memory of a layer, taken when it
 * is drawn and when its training is planned; the random generator is never asked.
 */
final class DrawnParameters {

    /** About 8 MB, and more layers than lie between making a network and training it. */
    private static final int REMEMBERED = 1 << 16;

    private static final int CHUNK = 1 << 20;

    private static final Map<Fingerprint, Boolean> DRAWN = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Fingerprint, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    };

    private record Fingerprint(long castagnoli, long ieee, long bytes) {}

    private DrawnParameters() {}

    /** Before a network that has no parameters yet draws them. */
    static void begin(Object model) {
        Attachment.drawing(model);
    }

    /** After {@code init}: remembers what was drawn, if it was. */
    static void end(NetworkParts network) {
        if (!Attachment.takeDrawing(network.model())) {
            return;
        }
        fingerprints(network).forEach((part, drawn) -> remember(part, drawn));
    }

    /**
     * After transfer learning built a network out of another, giving it all of its parameters: those that are not the
     * other's were drawn for it.
     */
    static void transferred(NetworkParts from, NetworkParts to) {
        Map<Integer, Fingerprint> sources = new HashMap<>();
        fingerprints(from).forEach((part, source) -> sources.put(part.shape().index(), source));
        fingerprints(to).forEach((part, now) -> {
            if (!now.equals(sources.get(part.shape().index()))) {
                remember(part, now);
            }
        });
    }

    /** Names of the layers that are as they were drawn. */
    static Set<String> of(NetworkParts network) {
        Set<String> names = new LinkedHashSet<>();
        fingerprints(network).forEach((part, now) -> {
            if (known(now)) {
                names.add(part.shape().name());
            }
        });
        return names;
    }

    private static void remember(Part part, Fingerprint drawn) {
        if (!loadsVectors(part.layer())) {
            synchronized (DRAWN) {
                DRAWN.put(drawn, true);
            }
        }
    }

    private static boolean known(Fingerprint now) {
        synchronized (DRAWN) {
            return DRAWN.containsKey(now);
        }
    }

    /** Whether the layer starts from word vectors, which its initialisation only loads. */
    private static boolean loadsVectors(@Nullable Layer layer) {
        return layer != null
                && layer.conf().getLayer() instanceof BaseLayer base
                && base.getWeightInitFn() instanceof WeightInitEmbedding;
    }

    /** One for each part with parameters. */
    private static Map<Part, Fingerprint> fingerprints(NetworkParts network) {
        Map<Part, Fingerprint> found = new LinkedHashMap<>();
        INDArray all = network.parameters();
        boolean whole = all.data().offset() == 0 && all.elementWiseStride() == 1;
        DataBuffer memory = (whole ? all : all.dup()).data();
        long width = memory.getElementSize();
        for (Part part : network.parts()) {
            long count = part.shape().parameterCount();
            if (count > 0) {
                found.put(part, fingerprint(memory, part.offset() * width, (part.offset() + count) * width));
            }
        }
        return found;
    }

    private static Fingerprint fingerprint(DataBuffer memory, long begin, long end) {
        CRC32C castagnoli = new CRC32C();
        CRC32 ieee = new CRC32();
        BytePointer bytes = new BytePointer(memory.pointer());
        for (long at = begin; at < end; at += CHUNK) {
            ByteBuffer chunk =
                    bytes.limit(Math.min(end, at + CHUNK)).position(at).asByteBuffer();
            castagnoli.update(chunk.duplicate());
            ieee.update(chunk);
        }
        return new Fingerprint(castagnoli.getValue(), ieee.getValue(), end - begin);
    }
}
