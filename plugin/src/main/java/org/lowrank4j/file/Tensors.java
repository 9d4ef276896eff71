package org.lowrank4j.file;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a safetensors file holds: named arrays and named texts, both in the order of their names.
 *
 * @param tensors by name; the map is copied, the arrays are not
 * @param metadata text by name; copied
 */
public record Tensors(Map<String, INDArray> tensors, Map<String, String> metadata) {

    public Tensors {
        tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    }

    /**
     * One array.
     *
     * @throws LowRankException if there is none of this name
     */
    public INDArray tensor(String name) {
        INDArray tensor = tensors.get(name);
        if (tensor == null) {
            throw new LowRankException("There is no tensor \"" + Excerpt.of(name) + "\"; there "
                    + (tensors.isEmpty() ? "are none" : "are " + Excerpt.of(tensors.keySet())) + ".");
        }
        return tensor;
    }
}
