package digits;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Images of digits with their labels.
 *
 * @param images one array of 28 x 28 grey values (0 black to 255 white, row after row) per digit
 * @param labels the digit, 0 to 9, of each image
 */
public record DigitSet(byte[][] images, byte[] labels) {

    /** Pixels per side. */
    public static final int SIDE = 28;

    public static final int PIXELS = SIDE * SIDE;
    public static final int CLASSES = 10;

    public int size() {
        return images.length;
    }

    /** The first {@code count} digits, or all if there are fewer. */
    public DigitSet first(int count) {
        int kept = Math.min(count, size());
        return new DigitSet(Arrays.copyOf(images, kept), Arrays.copyOf(labels, kept));
    }

    /** All but the first {@code count} digits; none if there are no more. */
    public DigitSet after(int count) {
        int left = Math.min(count, size());
        return new DigitSet(Arrays.copyOfRange(images, left, size()), Arrays.copyOfRange(labels, left, size()));
    }

    /** Only the digits from {@code least} to {@code most}, in the order in which they are. */
    public DigitSet between(int least, int most) {
        int[] chosen = IntStream.range(0, size())
                .filter(i -> labels[i] >= least && labels[i] <= most)
                .toArray();
        byte[][] chosenImages = new byte[chosen.length][];
        byte[] chosenLabels = new byte[chosen.length];
        for (int i = 0; i < chosen.length; i++) {
            chosenImages[i] = images[chosen[i]];
            chosenLabels[i] = labels[chosen[i]];
        }
        return new DigitSet(chosenImages, chosenLabels);
    }

    /** The same digits seen in another domain. */
    public DigitSet in(Domain domain) {
        byte[][] seen = new byte[size()][];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = domain.apply(images[i]);
        }
        return new DigitSet(seen, labels);
    }
}
