package measure;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/** An ordinary training listener that notes how long each step takes. */
public final class StepClock extends BaseTrainingListener {

    private final List<Long> nanos = new ArrayList<>();
    private long last;

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
        long now = System.nanoTime();
        // The first step, which warms up, only starts the clock.
        if (last != 0) {
            nanos.add(now - last);
        }
        last = now;
    }

    double medianMillis() {
        return nanos.isEmpty() ? Double.NaN : nanos.stream().sorted().toList().get(nanos.size() / 2) / 1e6;
    }
}
