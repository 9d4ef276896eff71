package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.average.WeightAverage;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Averages over weights that are given, or follow from given steps. */
abstract class AverageCases implements Reference {

    /** The weights after each step, and what the average was then. */
    record Followed(List<INDArray> weights, List<INDArray> averages) {}

    private final WeightAverage average;

    AverageCases(WeightAverage average) {
        this.average = average;
    }

    /** The option by its short name. */
    final WeightAverage.Mean mean(Map<String, Object> options) {
        Map<String, String> written = new HashMap<>();
        options.forEach((name, value) -> written.put(average.name() + "." + name, value.toString()));
        return average.mean(new OptionValues(average, written));
    }

    /** The arrays along the first dimension. */
    static List<INDArray> steps(INDArray all) {
        List<INDArray> steps = new ArrayList<>();
        for (int i = 0; i < all.size(0); i++) {
            steps.add(all.slice(i).dup('c'));
        }
        return steps;
    }

    static INDArray stack(List<INDArray> arrays) {
        return Nd4j.stack(0, arrays.toArray(INDArray[]::new));
    }

    /**
     * Follows weights.
     *
     * @param steps that are subtracted from the weights one after the other
     * @param examples of each step
     */
    static Followed follow(WeightAverage.Mean mean, INDArray start, List<INDArray> steps, int examples) {
        INDArray theta = start.dup('c');
        INDArray[] copies = new INDArray[mean.copies()];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = theta.dup('c');
        }
        List<INDArray> weights = new ArrayList<>();
        List<INDArray> averages = new ArrayList<>();
        for (int t = 1; t <= steps.size(); t++) {
            theta.subi(steps.get(t - 1));
            mean.follow(theta, copies, t, examples);
            INDArray shown = theta.dup('c');
            mean.write(copies, t, shown);
            weights.add(theta.dup('c'));
            averages.add(shown);
        }
        return new Followed(weights, averages);
    }
}
