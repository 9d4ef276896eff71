package series;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The days of a place in their order.
 *
 * @param days for each day the day of the year as sine and cosine, rain in mm, highest and lowest temperature in degrees, wind in m/s
 */
record Weather(float[][] days) {

    /** Numbers a day. */
    static final int INPUTS = 6;

    /** Degrees by which tomorrow's highest temperature changes, for one unit of the network's output. */
    static final float DEGREES = 5;

    private static final int RAIN = 2;
    private static final int HIGHEST = 3;
    private static final int LOWEST = 4;
    private static final int WIND = 5;

    /** One place of a file with the columns location, date, day_sin, day_cos, precipitation, temp_max, temp_min and wind. */
    static Weather read(Path file, String place) throws IOException {
        List<float[]> days = new ArrayList<>();
        try (InputStream raw = Files.newInputStream(file);
                InputStream text = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
                BufferedReader lines = new BufferedReader(new InputStreamReader(text, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] cells = line.split(",");
                if (cells[0].equals(place)) {
                    float[] day = new float[INPUTS];
                    for (int i = 0; i < INPUTS; i++) {
                        day[i] = Float.parseFloat(cells[2 + i]);
                    }
                    days.add(day);
                }
            }
        }
        if (days.isEmpty()) {
            throw new IOException("There is no day of " + place + " in " + file.toAbsolutePath() + ".");
        }
        return new Weather(days.toArray(new float[0][]));
    }

    /**
     * Four years that are made up: a season, warm and cold spells that last, and rain and wind that tell of tomorrow. By the sea, rain
     * brings mild days in winter and cool ones in summer; inland it is the other way round, and spells are twice as strong.
     */
    static Weather drawn(boolean sea, long seed) {
        Random random = new Random(seed);
        float[][] days = new float[4 * 365][];
        double spell = 0;
        boolean rains = false;
        for (int i = 0; i < days.length; i++) {
            double angle = 2 * StrictMath.PI * i / 365;
            double cold = StrictMath.cos(angle);
            rains = random.nextDouble() < (rains ? 0.6 : 0.25);
            double rain = rains ? 1 + 8 * random.nextDouble() : 0;
            double wind = 2 + 2 * Math.abs(random.nextGaussian()) + (rains ? 1 : 0);
            double highest = (sea ? 16 - 8 * cold : 17 - 13 * cold) + spell;
            days[i] = new float[] {
                (float) StrictMath.sin(angle),
                (float) cold,
                (float) rain,
                (float) highest,
                (float) (highest - (rains ? 4 : 9) + random.nextGaussian()),
                (float) wind
            };
            double change = (sea ? 0.35 : -0.5) * rain * cold + (sea ? -0.3 : 0.8) * (wind - 4);
            spell = (sea ? 0.75 : 0.6) * spell + change + (sea ? 1 : 1.6) * random.nextGaussian();
        }
        return new Weather(days);
    }

    Weather between(int from, int to) {
        return new Weather(Arrays.copyOfRange(days, from, to));
    }

    int size() {
        return days.length;
    }

    /** How far tomorrow's highest temperature is off on average if it is taken to be today's, from a day on. */
    double asToday(int from) {
        double sum = 0;
        for (int day = from; day + 1 < size(); day++) {
            sum += Math.abs(days[day + 1][HIGHEST] - days[day][HIGHEST]);
        }
        return sum / (size() - 1 - from);
    }

    /** Windows of so many days from each of the starts on, [windows, 6, days], and the changes to each next day. */
    DataSet windows(int[] starts, int length) {
        float[] features = new float[starts.length * INPUTS * length];
        float[] changes = new float[starts.length * length];
        int at = 0;
        for (int start : starts) {
            for (int step = 0; step < length; step++) {
                float[] day = days[start + step];
                for (int i = 0; i < INPUTS; i++) {
                    features[(at / length * INPUTS + i) * length + step] = scaled(day[i], i);
                }
                changes[at++] = (days[start + step + 1][HIGHEST] - day[HIGHEST]) / DEGREES;
            }
        }
        return new DataSet(
                Nd4j.create(features, new int[] {starts.length, INPUTS, length}),
                Nd4j.create(changes, new int[] {starts.length, 1, length}));
    }

    /** About -1 to 1, in the same way in all places. */
    private static float scaled(float value, int column) {
        return switch (column) {
            case RAIN -> value / 10;
            case HIGHEST, LOWEST -> (value - 15) / 10;
            case WIND -> (value - 4) / 4;
            default -> value;
        };
    }
}
