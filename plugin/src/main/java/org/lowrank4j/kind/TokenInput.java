package org.lowrank4j.kind;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.feedforward.embedding.EmbeddingSequenceLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Broadcast;

/** How an embedding's tokens come in, and how its rows go out. */
enum TokenInput {

    /** A token for each example, examples x 1; examples x units go out. */
    SINGLE {
        @Override
        @Nullable Tokens tokens(BaseLayer<?> layer, long vocabulary) {
            INDArray in = layer.input();
            return in.rank() == 2 && (in.columns() == 1 || in.isRowVector()) ? of(in, vocabulary) : null;
        }

        @Override
        INDArray shaped(BaseLayer<?> layer, INDArray rows) {
            return rows;
        }

        @Override
        INDArray rows(BaseLayer<?> layer, INDArray delta) {
            return delta.ordering() == 'c' && !delta.isView() ? delta : delta.dup('c');
        }

        @Override
        void mask(BaseLayer<?> layer, INDArray array) {
            INDArray mask = layer.getMaskArray();
            if (mask != null) {
                array.muliColumnVector(mask.castTo(array.dataType()));
            }
        }
    },

    /** Series of tokens, examples x steps or examples x 1 x steps; rows are (example, step). */
    SERIES {
        @Override
        @Nullable Tokens tokens(BaseLayer<?> layer, long vocabulary) {
            INDArray in = layer.input();
            var conf = ((EmbeddingSequenceLayer) layer).layerConf();
            boolean series = in.rank() == 2 || in.rank() == 3 && in.size(1) == 1;
            long steps = in.size(in.rank() - 1);
            if (!series || !conf.isInferInputLength() && steps != conf.getInputLength() || badMask(layer, steps)) {
                return null;
            }
            conf.setInputLength((int) steps);
            return of(in, vocabulary);
        }

        private static boolean badMask(BaseLayer<?> layer, long steps) {
            INDArray mask = layer.getMaskArray();
            return mask != null
                    && (mask.rank() != 2 || mask.size(0) != layer.input().size(0) || mask.size(1) != steps);
        }

        @Override
        INDArray shaped(BaseLayer<?> layer, INDArray rows) {
            long examples = layer.input().size(0);
            INDArray series = rows.reshape('c', examples, rows.size(0) / examples, rows.size(1));
            return channelsFirst(layer) ? series.permute(0, 2, 1) : series;
        }

        @Override
        INDArray rows(BaseLayer<?> layer, INDArray delta) {
            INDArray series = channelsFirst(layer) ? delta.permute(0, 2, 1) : delta;
            return series.dup('c').reshape('c', series.size(0) * series.size(1), series.size(2));
        }

        @Override
        void mask(BaseLayer<?> layer, INDArray array) {
            INDArray mask = layer.getMaskArray();
            if (mask != null) {
                Broadcast.mul(array, mask.castTo(array.dataType()), array, 0, channelsFirst(layer) ? 2 : 1);
            }
        }

        private static boolean channelsFirst(BaseLayer<?> layer) {
            return ((EmbeddingSequenceLayer) layer).layerConf().getOutputFormat() == RNNFormat.NCW;
        }
    };

    /** The tokens of a minibatch; null if the layer cannot take it. */
    abstract @Nullable Tokens tokens(BaseLayer<?> layer, long vocabulary);

    /** Rows as the layer's output has them. */
    abstract INDArray shaped(BaseLayer<?> layer, INDArray rows);

    /** The other way round, in an array of rows that is row-major and has nothing between its entries. */
    abstract INDArray rows(BaseLayer<?> layer, INDArray delta);

    /** What is masked becomes 0. */
    abstract void mask(BaseLayer<?> layer, INDArray array);

    private static @Nullable Tokens of(INDArray in, long vocabulary) {
        int[] numbers = in.dup('c').data().asInt();
        boolean known = Arrays.stream(numbers).allMatch(number -> number >= 0 && number < vocabulary);
        return known ? new Tokens(numbers, vocabulary) : null;
    }
}
