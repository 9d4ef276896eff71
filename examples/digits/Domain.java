package digits;

import java.util.Locale;

/** How the digits look. The base model learns {@link #UPRIGHT}; fine-tuning moves it to one of the others. */
public enum Domain {
    UPRIGHT(false, false),
    /** Turned by 90 degrees counterclockwise. */
    ROTATED(true, false),
    /** Black on white instead of white on black. */
    INVERTED(false, true),
    /** Both: the hardest of them. */
    INVERTED_ROTATED(true, true);

    private final boolean rotate;
    private final boolean invert;

    Domain(boolean rotate, boolean invert) {
        this.rotate = rotate;
        this.invert = invert;
    }

    /** A new image, 28 x 28, as this domain shows it. */
    public byte[] apply(byte[] image) {
        int side = DigitSet.SIDE;
        byte[] seen = new byte[image.length];
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                byte grey = rotate ? image[column * side + side - 1 - row] : image[row * side + column];
                seen[row * side + column] = invert ? (byte) ~grey : grey;
            }
        }
        return seen;
    }

    /** The name as written on the command line and in tables: {@code inverted-rotated}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
