package digits;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Draws handwriting-like digits: a few pen strokes per digit, in several styles, each drawing turned, slanted, scaled,
 * shifted, bent and noisy by chance. Hard enough that a small network stays a few points below 100 %.
 */
public final class DrawnDigits {

    private final Random random;
    private final Pen pen;
    private final List<double[]> strokes = new ArrayList<>();

    private DrawnDigits(long seed) {
        random = new Random(seed);
        pen = new Pen(random);
    }

    /** {@code count} digits, each class equally often and in random order; the same for the same seed. */
    public static DigitSet draw(int count, long seed) {
        DrawnDigits hand = new DrawnDigits(seed);
        byte[][] images = new byte[count][];
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i % DigitSet.CLASSES);
        }
        for (int i = count - 1; i > 0; i--) {
            int other = hand.random.nextInt(i + 1);
            byte label = labels[i];
            labels[i] = labels[other];
            labels[other] = label;
        }
        for (int i = 0; i < count; i++) {
            images[i] = hand.draw(labels[i]);
        }
        return new DigitSet(images, labels);
    }

    private byte[] draw(int digit) {
        strokes.clear();
        trace(digit);
        return pen.draw(strokes);
    }

    /** The pen strokes of a digit as polylines x0, y0, x1, y1, ... in the unit square, y downwards. */
    private void trace(int digit) {
        boolean other = random.nextInt(3) == 0;
        double j = between(-0.07, 0.07);
        double k = between(-0.07, 0.07);
        switch (digit) {
            case 0 -> arc(0.5, 0.5, 0.3 + j, 0.45, between(240, 300), -360 + between(-20, 25));
            case 1 -> {
                line(0.5 + j, 0.03, 0.5 + k, 0.97);
                if (random.nextBoolean()) {
                    line(0.5 + j, 0.03, 0.3 + j, 0.25 + k);
                }
                if (other) {
                    line(0.28, 0.97, 0.72, 0.97);
                }
            }
            case 2 -> {
                arc(0.48, 0.3, 0.28 + j, 0.26, 190, 200 + between(-15, 20));
                line(0.7, 0.45 + k, 0.2 + j, 0.95);
                if (other) {
                    arc(0.3, 0.86, 0.1, 0.09, 120, 300);
                }
                line(0.2 + j, 0.95, 0.82, 0.93 + k);
            }
            case 3 -> {
                arc(0.45, 0.27, 0.27 + j, 0.24, 200, 245 + between(-20, 10));
                arc(0.45, 0.72 + k * 0.3, 0.3 + k, 0.25, -85, 245 + between(-20, 15));
            }
            case 4 -> {
                if (other) {
                    line(0.62 + j, 0.03, 0.12, 0.65 + k, 0.9, 0.65 + j);
                } else {
                    line(0.22 + j, 0.05, 0.18, 0.52 + k, 0.82, 0.5 + j);
                }
                line(0.68 + j, other ? 0.03 : 0.12 + k, 0.64 + k, 0.98);
            }
            case 5 -> {
                line(0.78 + j, 0.05, 0.3, 0.06 + k * 0.5, 0.26 + j * 0.5, 0.45);
                arc(0.45, 0.68, 0.3 + j, 0.27, -130, 260 + between(-25, 15));
            }
            case 6 -> {
                line(0.66 + j, 0.03, 0.4 + k, 0.3, 0.23, 0.66);
                arc(0.5, 0.72, 0.27 + k * 0.6, 0.24 + j * 0.5, 190, 360 + between(-40, 10));
            }
            case 7 -> {
                line(0.18, 0.08 + j, 0.8, 0.07 + k, 0.45 + j, 0.97);
                if (other) {
                    line(0.35, 0.52 + k, 0.76, 0.5 + j);
                }
            }
            case 8 -> {
                arc(0.5, 0.27, 0.22 + j, 0.22, 80, 360 + between(-25, 10));
                arc(0.5, 0.72, 0.27 + k, 0.24, -90, 360 + between(-25, 10));
            }
            case 9 -> {
                arc(0.48, 0.3, 0.25 + k * 0.6, 0.25 + j * 0.5, 0, -360 + between(-10, 40));
                if (other) {
                    line(0.74, 0.28, 0.72 + j, 0.97);
                } else {
                    line(0.74, 0.25, 0.7 + j, 0.6, 0.4 + k, 0.98);
                }
            }
            default -> throw new IllegalArgumentException("There is no digit " + digit + ".");
        }
    }

    private void line(double... points) {
        // Cut into short pieces, so that the warp bends straight strokes as well.
        int pieces = 6;
        int corners = points.length / 2;
        double[] stroke = new double[2 * ((corners - 1) * pieces + 1)];
        int at = 0;
        for (int corner = 0; corner + 1 < corners; corner++) {
            int from = 2 * corner;
            for (int piece = 0; piece < pieces; piece++) {
                double part = (double) piece / pieces;
                stroke[at++] = points[from] + part * (points[from + 2] - points[from]);
                stroke[at++] = points[from + 1] + part * (points[from + 3] - points[from + 1]);
            }
        }
        stroke[at++] = points[points.length - 2];
        stroke[at] = points[points.length - 1];
        strokes.add(stroke);
    }

    /** Part of an ellipse; angles in degrees, 0 to the right, growing clockwise because y points down. */
    private void arc(double x, double y, double radiusX, double radiusY, double start, double sweep) {
        int pieces = 20;
        double[] stroke = new double[2 * (pieces + 1)];
        for (int i = 0; i <= pieces; i++) {
            double angle = StrictMath.toRadians(start + sweep * i / pieces);
            stroke[2 * i] = x + radiusX * StrictMath.cos(angle);
            stroke[2 * i + 1] = y + radiusY * StrictMath.sin(angle);
        }
        strokes.add(stroke);
    }

    private double between(double low, double high) {
        return pen.between(low, high);
    }
}
