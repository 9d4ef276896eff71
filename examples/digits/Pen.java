package digits;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Draws strokes with ink on 28 x 28 pixels, each drawing turned, slanted, scaled, shifted, bent and noisy by chance. */
final class Pen {

    private static final int SIDE = DigitSet.SIDE;

    /** Pixels from a unit of the stroke coordinates: digits fill about 20 of the 28 pixels, as in MNIST. */
    private static final double SIZE = 20;

    private final Random random;
    private final double[] ink = new double[DigitSet.PIXELS];

    /** Normal deviates to pick from: one per pixel from {@code nextGaussian} would cost more than all the strokes. */
    private final float[] normal = new float[1 << 12];

    Pen(Random random) {
        this.random = random;
        for (int i = 0; i < normal.length; i++) {
            normal[i] = (float) random.nextGaussian();
        }
    }

    /** The grey values of strokes, each x0, y0, x1, y1, ... in the unit square, y downwards. */
    byte[] draw(List<double[]> strokes) {
        Arrays.fill(ink, 0);
        Warp warp = new Warp(random);
        double radius = between(0.7, 1.7);
        double softness = between(0.5, 1.2);
        for (double[] stroke : strokes) {
            double[] before = null;
            for (int i = 0; i < stroke.length; i += 2) {
                double[] point = warp.apply(stroke[i], stroke[i + 1]);
                if (before != null) {
                    segment(before, point, radius, softness);
                }
                before = point;
            }
        }
        return expose();
    }

    /** Adds ink around a segment; overlapping ink does not add up, as with a real pen. */
    private void segment(double[] a, double[] b, double radius, double softness) {
        double reach = radius + softness;
        int top = Math.max(0, (int) (Math.min(a[1], b[1]) - reach));
        int bottom = Math.min(SIDE - 1, (int) (Math.max(a[1], b[1]) + reach + 1));
        int left = Math.max(0, (int) (Math.min(a[0], b[0]) - reach));
        int right = Math.min(SIDE - 1, (int) (Math.max(a[0], b[0]) + reach + 1));
        double dx = b[0] - a[0];
        double dy = b[1] - a[1];
        double length = Math.max(dx * dx + dy * dy, 1e-9);
        for (int row = top; row <= bottom; row++) {
            for (int column = left; column <= right; column++) {
                double part = ((column - a[0]) * dx + (row - a[1]) * dy) / length;
                part = Math.max(0, Math.min(1, part));
                double x = a[0] + part * dx - column;
                double y = a[1] + part * dy - row;
                double grey = (radius + softness / 2 - Math.sqrt(x * x + y * y)) / softness;
                int pixel = row * SIDE + column;
                ink[pixel] = Math.max(ink[pixel], Math.max(0, Math.min(1, grey)));
            }
        }
    }

    /** Ink to grey values, with a varying pressure, grain, and now and then a stray blot. */
    private byte[] expose() {
        if (random.nextInt(4) == 0) {
            double x = between(2, SIDE - 2);
            double y = between(2, SIDE - 2);
            segment(new double[] {x, y}, new double[] {x + between(-4, 4), y + between(-4, 4)}, 0.6, 0.8);
        }
        double pressure = between(0.6, 1.0);
        double grain = between(0.02, 0.16);
        byte[] image = new byte[ink.length];
        for (int i = 0; i < image.length; i++) {
            double grey = pressure * ink[i] + grain * normal[random.nextInt(normal.length)];
            image[i] = (byte) Math.round(255 * Math.max(0, Math.min(1, grey)));
        }
        return image;
    }

    double between(double low, double high) {
        return low + (high - low) * random.nextDouble();
    }

    /** One random affine map with a gentle wave on top, from stroke coordinates to pixels. */
    private static final class Warp {
        private final double xx;
        private final double xy;
        private final double yx;
        private final double yy;
        private final double shiftX;
        private final double shiftY;
        private final double waveX;
        private final double waveY;
        private final double phaseX;
        private final double phaseY;

        Warp(Random random) {
            double turn = clipped(random, 0.22, 0.5);
            double slant = clipped(random, 0.28, 0.6);
            double scaleX = SIZE * (0.7 + 0.4 * random.nextDouble());
            double scaleY = SIZE * (0.75 + 0.3 * random.nextDouble());
            double cos = StrictMath.cos(turn);
            double sin = StrictMath.sin(turn);
            xx = cos * scaleX;
            xy = (-sin - slant * cos) * scaleY;
            yx = sin * scaleX;
            yy = (cos - slant * sin) * scaleY;
            double centre = (SIDE - 1) / 2.0;
            shiftX = centre + clipped(random, 1.8, 4);
            shiftY = centre + clipped(random, 1.5, 3);
            waveX = clipped(random, 0.04, 0.1);
            waveY = clipped(random, 0.04, 0.1);
            phaseX = 2 * Math.PI * random.nextDouble();
            phaseY = 2 * Math.PI * random.nextDouble();
        }

        private static double clipped(Random random, double deviation, double limit) {
            return Math.max(-limit, Math.min(limit, deviation * random.nextGaussian()));
        }

        double[] apply(double x, double y) {
            double u = x - 0.5 + waveX * StrictMath.sin(phaseX + 5 * y);
            double v = y - 0.5 + waveY * StrictMath.sin(phaseY + 5 * x);
            return new double[] {shiftX + xx * u + xy * v, shiftY + yx * u + yy * v};
        }
    }
}
