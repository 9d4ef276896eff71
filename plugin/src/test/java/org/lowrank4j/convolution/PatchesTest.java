package org.lowrank4j.convolution;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Patches of pictures against ND4J's. */
class PatchesTest {

    private static final int INPUTS = 2;

    /** More examples than are worked on at a time, in both directions; the way there only moves numbers. */
    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "3, 3, 1, 1", "2, 3, 2, 3", "11, 9, 1, 1", "4, 2, 2, 2", "1, 1, 2, 2"})
    void patchesAreThoseOfNd4j(int height, int width, int down, int across) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            check(new int[] {height, width}, new int[] {down, across}, type);
        }
    }

    private static void check(int[] filter, int[] stride, DataType type) {
        int side = 40;
        int examples = 200;
        INDArray pictures = Nd4j.rand(type, INPUTS, examples, side, side);
        int[] places = {(side - filter[0]) / stride[0] + 1, (side - filter[1]) / stride[1] + 1};
        int[] none = {0, 0};
        int[] one = {1, 1};
        Patches patches = new Patches(
                new Frame(INPUTS, new int[] {side, side}, filter, stride, none, one, places), examples, type);
        INDArray expected =
                Nd4j.create(type, new long[] {INPUTS, filter[0], filter[1], examples, places[0], places[1]}, 'c');
        org.nd4j.linalg.convolution.Convolution.im2col(
                pictures.permute(1, 0, 2, 3),
                filter[0],
                filter[1],
                stride[0],
                stride[1],
                0,
                0,
                1,
                1,
                false,
                expected.permute(3, 0, 1, 2, 4, 5));
        INDArray all = Nd4j.create(type, expected.shape(), 'c');
        INDArray added = Nd4j.create(type, pictures.shape(), 'c');
        patches.each((first, count) -> {
            INDArray some = patches.of(pictures, first, count);
            patches.rows(all, first, count).assign(some);
            patches.addUp(some, added, first, count);
        });
        assertEquals(0, expected.sub(all).amaxNumber().doubleValue());
        INDArray together = Nd4j.create(type, pictures.shape(), 'c');
        org.nd4j.linalg.convolution.Convolution.col2im(
                expected.permute(3, 0, 1, 2, 4, 5),
                together.permute(1, 0, 2, 3),
                stride[0],
                stride[1],
                0,
                0,
                side,
                side,
                1,
                1);
        double tolerance = type == DataType.DOUBLE ? 1e-12 : 2e-5;
        assertEquals(0, together.sub(added).amaxNumber().doubleValue(), tolerance);
    }
}
