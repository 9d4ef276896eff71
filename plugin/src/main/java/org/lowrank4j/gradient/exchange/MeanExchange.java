package org.lowrank4j.gradient.exchange;

import java.util.List;
import java.util.function.Function;
import org.lowrank4j.method.OptionValues;
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
    public Function<ExchangedGradient, Steps> steps(OptionValues options) {
        return Mean::new;
    }

    private record Mean(ExchangedGradient given) implements Steps {

        @Override
        public long combine(List<Part> parts) {
            double all = parts.stream().mapToInt(Part::examples).sum();
            INDArray mean = parts.get(0).vector();
            for (int i = 0; i < parts.size(); i++) {
                INDArray weighted = parts.get(i).vector().muli(parts.get(i).examples() / all);
                if (i > 0) {
                    mean.addi(weighted);
                }
            }
            parts.stream().skip(1).forEach(part -> part.vector().assign(mean));
            return parts.size() * given.bytes();
        }

        @Override
        public long bytes() {
            return given.bytes();
        }
    }
}
