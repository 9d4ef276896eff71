package org.lowrank4j.reference;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the project's classes made of one case. */
public final class Outcome {

    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Map<String, String> reasons = new LinkedHashMap<>();
    private String alternative = "";

    public void put(String name, INDArray value) {
        values.put(name, Values.of(value));
    }

    public void put(String name, double value) {
        values.put(name, Values.scalar(value));
    }

    public void put(String name, double[] values) {
        this.values.put(name, new Values(new int[] {values.length}, values));
    }

    public void put(String name, String text) {
        values.put(name, text);
    }

    public void put(String name, List<String> texts) {
        values.put(name, List.copyOf(texts));
    }

    /** Lists an expected entry that the project does not produce on purpose. */
    public void notProduced(String name, String reason) {
        reasons.put(name, reason);
    }

    /**
     * Says that the project computes what a case calls an alternative, on purpose.
     *
     * @param label of the alternative in the case
     */
    public void isAlternative(String label) {
        alternative = label;
    }

    /** Empty if what is expected is what the case expects. */
    String alternative() {
        return alternative;
    }

    Map<String, Object> values() {
        return values;
    }

    Map<String, String> reasons() {
        return reasons;
    }
}
