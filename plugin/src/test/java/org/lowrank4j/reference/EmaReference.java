package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.lowrank4j.average.Ema;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The exponential moving average, and what becomes of it with another size of minibatch. */
public final class EmaReference extends AverageCases {

    /** The size of minibatch that a case's rho is for. */
    private static final int EXAMPLES = 16;

    public EmaReference() {
        super(new Ema());
    }

    @Override
    public String method() {
        return "ema";
    }

    private Followed follow(double rho, INDArray start, List<INDArray> steps, int examples) {
        double halflife = EXAMPLES * Math.log(0.5) / Math.log(rho);
        return follow(mean(Map.of("halflife", halflife, "warmup", "no")), start, steps, examples);
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray start = given.input("theta0", type);
        double rho = given.number("rho");
        if (given.hasInput("U")) {
            Followed followed = follow(rho, start, steps(given.input("U", type)), EXAMPLES);
            outcome.put("theta", stack(followed.weights()));
            outcome.put("ema", stack(followed.averages()));
            return;
        }
        double kappa = given.number("kappa");
        // The case scales up from the small minibatch, or down from the large one.
        double least = Math.min(1, kappa);
        double most = Math.max(1, kappa);
        INDArray rate = given.input("gradient", type).mul(given.number("lr"));
        int few = (int) Math.rint(least * EXAMPLES);
        Followed small = follow(rho, start, Collections.nCopies(given.whole("small_steps"), rate.mul(least)), few);
        List<INDArray> large = Collections.nCopies(given.whole("large_steps"), rate.mul(most));
        Followed scaled = follow(rho, start, large, (int) Math.rint(most * EXAMPLES));
        outcome.put("lr_scaled", given.number("lr") * kappa);
        outcome.put("rho_scaled", Math.pow(rho, kappa));
        int every = given.whole("small_steps") / given.whole("large_steps");
        outcome.put("theta_small", stack(at(small.weights(), every)));
        outcome.put("ema_small", stack(at(small.averages(), every)));
        outcome.put("theta_large", stack(scaled.weights()));
        outcome.put("ema_large", stack(scaled.averages()));
        outcome.put("ema_unscaled", stack(follow(rho, start, large, few).averages()));
        for (String adam : List.of("adam_lr_factor", "adam_beta1", "adam_beta2", "adam_eps")) {
            outcome.notProduced(adam, "the settings of the updater are the user's");
        }
    }

    private static List<INDArray> at(List<INDArray> all, int every) {
        List<INDArray> some = new ArrayList<>();
        for (int i = every - 1; i < all.size(); i += every) {
            some.add(all.get(i));
        }
        return some;
    }
}
