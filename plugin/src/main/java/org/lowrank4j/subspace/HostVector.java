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

    /** How many FLOATs are converted at a time. */
    private static final int CHUNK = 4096;

    private final INDArray vector;
    private final Pointer memory;
    private final float[] singles;

    HostVector(INDArray vector) {
        this.vector = vector;
        Nd4j.getAffinityManager().ensureLocation(vector, Location.HOST);
        Pointer first = vector.data().addressPointer();
        boolean single = vector.dataType() == DataType.FLOAT;
        memory = single ? new FloatPointer(first) : new DoublePointer(first);
        singles = new float[single ? (int) Math.min(CHUNK, vector.length()) : 0];
    }

    /** Copies entries {@code from} to {@code from + length} to the start of an array. */
    void read(long from, int length, double[] into) {
        try {
            if (memory instanceof DoublePointer doubles) {
                doubles.position(from).get(into, 0, length);
                return;
            }
            FloatPointer floats = (FloatPointer) memory;
            for (int done = 0; done < length; done += CHUNK) {
                int count = Math.min(CHUNK, length - done);
                floats.position(from + done).get(singles, 0, count);
                for (int i = 0; i < count; i++) {
                    into[done + i] = singles[i];
                }
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
                FloatPointer floats = (FloatPointer) memory;
                for (int done = 0; done < length; done += CHUNK) {
                    int count = Math.min(CHUNK, length - done);
                    for (int i = 0; i < count; i++) {
                        singles[i] = (float) entries[done + i];
                    }
                    floats.position(from + done).put(singles, 0, count);
                }
            }
            Nd4j.getAffinityManager().tagLocation(vector, Location.HOST);
        } finally {
            Reference.reachabilityFence(vector);
        }
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
