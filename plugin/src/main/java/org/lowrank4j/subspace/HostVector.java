package org.lowrank4j.subspace;

import java.lang.ref.Reference;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Stretches of a contiguous FLOAT or DOUBLE vector as doubles, in one piece each: ND4J's own way asks for each entry. */
final class HostVector {

    private final INDArray vector;
    private final Pointer memory;
    private float[] singles = new float[0];

    HostVector(INDArray vector) {
        this.vector = vector;
        Nd4j.getAffinityManager().ensureLocation(vector, Location.HOST);
        Pointer first = vector.data().addressPointer();
        memory = vector.dataType() == DataType.DOUBLE ? new DoublePointer(first) : new FloatPointer(first);
    }

    /** Copies entries {@code from} to {@code from + length} to the start of an array. */
    void read(long from, int length, double[] into) {
        try {
            if (memory instanceof DoublePointer doubles) {
                doubles.position(from).get(into, 0, length);
                return;
            }
            float[] buffer = singles(length);
            ((FloatPointer) memory).position(from).get(buffer, 0, length);
            for (int i = 0; i < length; i++) {
                into[i] = buffer[i];
            }
        } finally {
            Reference.reachabilityFence(vector);
        }
    }

    /** The reverse of {@link #read}, rounding to the vector's type. */
    void write(long from, int length, double[] entries) {
        try {
            if (memory instanceof DoublePointer doubles) {
                doubles.position(from).put(entries, 0, length);
            } else {
                float[] buffer = singles(length);
                for (int i = 0; i < length; i++) {
                    buffer[i] = (float) entries[i];
                }
                ((FloatPointer) memory).position(from).put(buffer, 0, length);
            }
            Nd4j.getAffinityManager().tagLocation(vector, Location.HOST);
        } finally {
            Reference.reachabilityFence(vector);
        }
    }

    private float[] singles(int length) {
        if (singles.length < length) {
            singles = new float[length];
        }
        return singles;
    }

    /** A whole vector. */
    static double[] read(INDArray vector) {
        double[] entries = new double[Math.toIntExact(vector.length())];
        new HostVector(vector).read(0, entries.length, entries);
        return entries;
    }

    /** Overwrites a whole vector. */
    static void write(INDArray vector, double[] entries) {
        new HostVector(vector).write(0, entries.length, entries);
    }
}
