package org.lowrank4j.gradient;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The entries of a FLOAT or DOUBLE array in the order of its memory: ND4J's own way looks for each of them. */
interface Entries {

    /** How many there are. */
    int count();

    double get(int index);

    /** Rounds to the array's type. */
    void set(int index, double value);

    /** A number as the array would hold it. */
    double rounded(double value);

    /** @param array whose entries follow one another, to be held while these are used */
    static Entries of(INDArray array) {
        int bytes = Math.toIntExact(array.length() * array.dataType().width());
        ByteBuffer memory = NativeMemory.window(array, 0, bytes);
        return array.dataType() == DataType.DOUBLE
                ? new Doubles(memory.asDoubleBuffer())
                : new Floats(memory.asFloatBuffer());
    }

    /** Of a FLOAT array. */
    record Floats(FloatBuffer memory) implements Entries {

        @Override
        public int count() {
            return memory.limit();
        }

        @Override
        public double get(int index) {
            return memory.get(index);
        }

        @Override
        public void set(int index, double value) {
            memory.put(index, (float) value);
        }

        @Override
        public double rounded(double value) {
            return (float) value;
        }
    }

    /** Of a DOUBLE array. */
    record Doubles(DoubleBuffer memory) implements Entries {

        @Override
        public int count() {
            return memory.limit();
        }

        @Override
        public double get(int index) {
            return memory.get(index);
        }

        @Override
        public void set(int index, double value) {
            memory.put(index, value);
        }

        @Override
        public double rounded(double value) {
            return value;
        }
    }
}
