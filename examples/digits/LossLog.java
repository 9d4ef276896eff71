package digits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/** An ordinary training listener that notes the loss and the duration of each step and prints where training is. */
public final class LossLog extends BaseTrainingListener {

    /** What it prints, about forty times. */
    public static final String LINE = "step %d of %d, loss %.4f";

    private static final String FILE = "losses.csv";

    private final int steps;
    private final double[] losses;
    private final long[] nanos;
    private int done;
    private long last;

    /** For a training of that many steps. */
    LossLog(int steps) {
        this.steps = steps;
        this.losses = new double[steps];
        this.nanos = new long[steps];
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
        long now = System.nanoTime();
        nanos[done] = done == 0 ? 0 : now - last;
        losses[done] = model.score();
        done++;
        if (done % Math.max(1, steps / 40) == 0 || done == steps) {
            System.out.println(String.format(Locale.ROOT, LINE, done, steps, losses[done - 1]));
        }
        // Taken last, so that printing is not counted as training.
        last = System.nanoTime();
    }

    /** Median duration of a step in milliseconds; the first step, which warms up, is left out. */
    double medianMillis() {
        if (done < 2) {
            return Double.NaN;
        }
        long[] sorted = Arrays.copyOfRange(nanos, 1, done);
        Arrays.sort(sorted);
        return sorted[sorted.length / 2] / 1e6;
    }

    /** Writes {@code losses.csv}, one line per step: its number from 1, its loss, its milliseconds. */
    void write(Path directory) throws IOException {
        List<String> lines = new ArrayList<>(done + 1);
        lines.add("step,loss,ms");
        for (int i = 0; i < done; i++) {
            lines.add(String.format(Locale.ROOT, "%d,%.6f,%.3f", i + 1, losses[i], nanos[i] / 1e6));
        }
        Files.write(directory.resolve(FILE), lines);
    }

    /** The losses that {@link #write} wrote. */
    static double[] read(Path directory) throws IOException {
        return Files.readAllLines(directory.resolve(FILE)).stream()
                .skip(1)
                .mapToDouble(line -> Double.parseDouble(line.split(",")[1]))
                .toArray();
    }
}
