package org.lowrank4j.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.weights.embeddings.WeightInitEmbedding;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.network.LayerRef;
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

    private static final Map<Long, Boolean> DRAWN = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    };

    private DrawnParameters() {}

    /** Before a network that has no parameters yet draws them. */
    static void begin(Object model) {
        Attachment.drawing(model);
    }

    /**
     * After {@code init}: remembers what was drawn, if it was.
     *
     * @return whether it was
     */
    static boolean end(Model model) {
        boolean drawn = Attachment.takeDrawing(model);
        if (drawn) {
            remember(model);
        }
        return drawn;
    }

    /** Remembers that all parameters of a network are as they were drawn. */
    static void remember(Model model) {
        prints(model).forEach(DrawnParameters::remember);
    }

    /** Whether all layers are as they were drawn. */
    static boolean areAll(Model model) {
        return prints(model).stream().allMatch(DrawnParameters::isKnown);
    }

    /**
     * After transfer learning built a network out of another, giving it all of its parameters: those that are not the
     * other's were drawn for it.
     */
    static void transferred(Model from, Model to) {
        Map<Integer, Long> sources = new HashMap<>();
        for (Print source : prints(from)) {
            sources.put(source.index, source.fingerprint);
        }
        for (Print now : prints(to)) {
            if (!Objects.equals(now.fingerprint, sources.get(now.index))) {
                remember(now);
            }
        }
    }

    /** Names of the layers that are as they were drawn. */
    static Set<String> of(Model model) {
        Set<String> names = new LinkedHashSet<>();
        for (Print now : prints(model)) {
            if (isKnown(now)) {
                names.add(now.layer.name());
            }
        }
        return names;
    }

    private static void remember(Print drawn) {
        if (!loadsVectors(drawn.layer.layer())) {
            synchronized (DRAWN) {
                DRAWN.put(drawn.fingerprint, true);
            }
        }
    }

    private static boolean isKnown(Print now) {
        synchronized (DRAWN) {
            return DRAWN.containsKey(now.fingerprint);
        }
    }

    /** Whether the layer starts from word vectors, which its initialisation only loads. */
    private static boolean loadsVectors(@Nullable Layer layer) {
        return layer != null
                && layer.conf().getLayer() instanceof BaseLayer base
                && base.getWeightInitFn() instanceof WeightInitEmbedding;
    }

    /** A layer, and what is in its parameters now. */
    private record Print(int index, LayerRef layer, Long fingerprint) {}

    /** One for each layer with parameters; without asking for its kind, for a network without a rule comes here, too. */
    private static List<Print> prints(Model model) {
        List<Print> found = new ArrayList<>();
        INDArray all = model.params();
        boolean whole = all.data().offset() == 0 && all.elementWiseStride() == 1;
        DataBuffer memory = (whole ? all : all.dup()).data();
        long width = memory.getElementSize();
        long offset = 0;
        int index = 0;
        for (LayerRef layer : LayerRef.all(model)) {
            long count = entries(layer.trainable());
            if (count > 0) {
                found.add(new Print(index, layer, fingerprint(memory, offset * width, (offset + count) * width)));
            }
            offset += count;
            index++;
        }
        return found;
    }

    private static long entries(Trainable layer) {
        Map<String, INDArray> table = layer.paramTable(false);
        long count = 0;
        if (table != null) {
            for (INDArray parameter : table.values()) {
                count += parameter.length();
            }
        }
        return count;
    }

    private static long fingerprint(DataBuffer memory, long begin, long end) {
        CRC32C castagnoli = new CRC32C();
        CRC32 ieee = new CRC32();
        BytePointer bytes = new BytePointer(memory.pointer());
        for (long at = begin; at < end; at += CHUNK) {
            ByteBuffer chunk =
                    bytes.limit(Math.min(end, at + CHUNK)).position(at).asByteBuffer();
            castagnoli.update(chunk.duplicate());
            ieee.update(chunk);
        }
        return castagnoli.getValue() << 32 | ieee.getValue();
    }
}
