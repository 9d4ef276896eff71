package org.lowrank4j.tests.pages.byzantine;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.lowrank4j.gradient.exchange.ExchangedGradient;
import org.lowrank4j.gradient.exchange.FlagExchange;
import org.lowrank4j.gradient.exchange.GradientExchange;
import org.lowrank4j.gradient.exchange.MeanExchange;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An exchange some of whose workers are hostile. */
public abstract class HostileExchange implements GradientExchange {

    /** Around {@code mean}. */
    public static final class OfMean extends HostileExchange {

        /** For the registry. */
        public OfMean() {
            super(new MeanExchange());
        }
    }

    /** Around {@code flag}. */
    public static final class OfFlag extends HostileExchange {

        /** For the registry. */
        public OfFlag() {
            super(new FlagExchange());
        }
    }

    private final GradientExchange attacked;

    HostileExchange(GradientExchange attacked) {
        this.attacked = attacked;
    }

    @Override
    public String name() {
        return "hostile-" + attacked.name();
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("attack", "none", "what hostile workers make of their gradients"),
                new MethodOption("count", "0", "how many of the last workers are hostile"));
    }

    @Override
    public Function<ExchangedGradient, Steps> steps(OptionValues options) {
        Attack attack = options.choice("attack", Attack.class);
        int count = options.wholeNumber("count");
        Function<ExchangedGradient, Steps> steps = attacked.steps(new OptionValues(attacked, Map.of()));
        return given -> new Hostile(steps.apply(given), attack, given.replicas() - count, new Random(given.seed()));
    }

    private record Hostile(Steps steps, Attack attack, int honest, Random random) implements Steps {

        @Override
        public long combine(List<Part> parts) {
            parts.stream().filter(part -> part.replica() >= honest).forEach(part -> {
                INDArray vector = part.vector();
                double[] entries = vector.toDoubleVector();
                attack.on(entries, entries.length, random);
                vector.assign(Nd4j.createFromArray(entries));
            });
            return steps.combine(parts);
        }

        @Override
        public long bytes() {
            return steps.bytes();
        }
    }
}
