package org.lowrank4j.convolution;

import java.util.List;
import java.util.stream.LongStream;

/** Dimensions and strides of an array; those of a dimension of one entry are as of one in 'c' order, whatever ND4J says. */
record Layout(List<Long> dimensions, List<Long> strides) {

    static Layout of(long[] dimensions, long[] strides) {
        long[] usual = strides.clone();
        for (int i = dimensions.length - 1; i >= 0; i--) {
            if (dimensions[i] == 1) {
                usual[i] = i == dimensions.length - 1 ? 1 : usual[i + 1] * dimensions[i + 1];
            }
        }
        return new Layout(
                LongStream.of(dimensions).boxed().toList(),
                LongStream.of(usual).boxed().toList());
    }

    long[] shape() {
        return dimensions.stream().mapToLong(Long::longValue).toArray();
    }

    long[] steps() {
        return strides.stream().mapToLong(Long::longValue).toArray();
    }
}
