package org.lowrank4j.factorisation;

import java.util.List;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * LoRD, low-rank decomposition in one shot (arXiv 2309.14021): by what the layer puts out on data, as {@link Afm} does, or by
 * its weight alone, as {@link Svd} does. Descriptions of the method differ in that.
 */
public final class Lord implements Factorisation {

    private static final String OF = "of";

    /** What is decomposed. */
    private enum Decomposed {
        OUTPUTS,
        WEIGHT
    }

    private final Factorisation ofOutputs = new Afm();
    private final Factorisation ofWeight = new Svd();

    @Override
    public String name() {
        return "lord";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(OF, "outputs", "what is decomposed: outputs, on data, or weight"));
    }

    private Factorisation chosen(OptionValues options) {
        return options.choice(OF, Decomposed.class) == Decomposed.OUTPUTS ? ofOutputs : ofWeight;
    }

    @Override
    public Need need(OptionValues options) {
        return chosen(options).need(options);
    }

    @Override
    public RankedFactors factors(WholeLayer layer, OptionValues options) {
        return chosen(options).factors(layer, options);
    }

    /** As of outputs, which has more biases. */
    @Override
    public long numbers(WholeLayer layer, int rank) {
        return ofOutputs.numbers(layer, rank);
    }
}
