package org.lowrank4j.gradient.exchange;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The mean of the gradients, weighted by the number of examples: exact data parallelism. Each step is that of one machine
 * on all minibatches together, with any updater.
 */
public final class MeanExchange implements GradientExchange {

    @Override
    public String name() {
        return "mean";
    }

    @Override
    public void combine(List<INDArray> gradients, List<Integer> examples) {
        double all = examples.stream().mapToInt(Integer::intValue).sum();
        INDArray mean = gradients.get(0);
        for (int i = 0; i < gradients.size(); i++) {
            INDArray weighted = gradients.get(i).muli(examples.get(i) / all);
            if (i > 0) {
                mean.addi(weighted);
            }
        }
        gradients.stream().skip(1).forEach(gradient -> gradient.assign(mean));
    }
}
