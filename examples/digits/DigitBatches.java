package digits;

import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/** Feeds digits to DL4J in batches: features (batch x 784) in [0, 1], labels (batch x 10) one-hot. */
public final class DigitBatches implements DataSetIterator {

    private static final long serialVersionUID = 1L;

    private final transient DigitSet digits;
    private final int batch;
    private final int batches;
    private final boolean shuffled;
    private final long seed;
    private final int[] order;
    private Random random;
    private int delivered;
    private int position;

    private DigitBatches(DigitSet digits, int batch, int batches, boolean shuffled, long seed) {
        this.digits = digits;
        this.batch = batch;
        this.batches = batches;
        this.shuffled = shuffled;
        this.seed = seed;
        this.order = new int[digits.size()];
        reset();
    }

    /**
     * A fixed number of full batches for training: the digits in random order, shuffled anew after each pass.
     *
     * @param steps how many batches; they may make up several passes or part of one
     */
    public static DigitBatches shuffled(DigitSet digits, int batch, int steps, long seed) {
        if (batch > digits.size()) {
            throw new IllegalArgumentException(
                    "A batch of " + batch + " needs more than " + digits.size() + " digits.");
        }
        return new DigitBatches(digits, batch, steps, true, seed);
    }

    /** Every digit once and in order, for evaluation; the last batch may be smaller. */
    public static DigitBatches once(DigitSet digits, int batch) {
        return new DigitBatches(digits, batch, (digits.size() + batch - 1) / batch, false, 0);
    }

    @Override
    public boolean hasNext() {
        return delivered < batches;
    }

    @Override
    public DataSet next() {
        return next(batch);
    }

    @Override
    public DataSet next(int count) {
        if (!hasNext()) {
            throw new NoSuchElementException("All " + batches + " batches were delivered.");
        }
        if (shuffled && position + count > order.length) {
            shuffle();
        }
        int size = Math.min(count, order.length - position);
        float[][] features = new float[size][DigitSet.PIXELS];
        float[][] labels = new float[size][DigitSet.CLASSES];
        for (int row = 0; row < size; row++) {
            int digit = order[position + row];
            byte[] image = digits.images()[digit];
            for (int pixel = 0; pixel < image.length; pixel++) {
                features[row][pixel] = (image[pixel] & 0xff) / 255f;
            }
            labels[row][digits.labels()[digit]] = 1;
        }
        position += size;
        delivered++;
        return new DataSet(Nd4j.createFromArray(features), Nd4j.createFromArray(labels));
    }

    private void shuffle() {
        for (int i = order.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int digit = order[i];
            order[i] = order[other];
            order[other] = digit;
        }
        position = 0;
    }

    @Override
    public void reset() {
        random = new Random(seed);
        delivered = 0;
        position = 0;
        Arrays.setAll(order, digit -> digit);
        if (shuffled) {
            shuffle();
        }
    }

    @Override
    public int inputColumns() {
        return DigitSet.PIXELS;
    }

    @Override
    public int totalOutcomes() {
        return DigitSet.CLASSES;
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    @Override
    public boolean asyncSupported() {
        return true;
    }

    @Override
    public int batch() {
        return batch;
    }

    @Override
    public void setPreProcessor(DataSetPreProcessor preProcessor) {
        throw new UnsupportedOperationException("The pixels are scaled already; no pre-processor is applied.");
    }

    @Override
    public DataSetPreProcessor getPreProcessor() {
        return null;
    }

    @Override
    public List<String> getLabels() {
        return List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    }
}
