package org.lowrank4j.gradient.exchange;

import java.util.List;
import java.util.function.Function;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * EControl (arXiv 2311.05645) between replicas: of each matrix of the gradient the largest entries of what is not known of
 * it yet are sent, with an error feedback that is controlled; vectors are sent whole. Whatever trains counts: factors of
 * adapters, and weights that train in full.
 *
 * <p>The formulas are in {@link EControlCompressor}. With {@code keep=1} this is {@code mean}. What a replica has not sent yet
 * lasts as long as the fit: the next one begins without; no file has it. Memory: for each replica three arrays of the size
 * of all matrices.
 */
public final class EControlExchange implements GradientExchange {

    @Override
    public String name() {
        return "econtrol";
    }

    @Override
    public List<MethodOption> options() {
        return EControlCompressor.OPTIONS;
    }

    @Override
    public Function<ExchangedGradient, Steps> steps(OptionValues options) {
        EControlCompressor.Settings settings = EControlCompressor.Settings.of(options);
        return given -> new CompressedSteps(
                given,
                settings.startsAtGradient() ? "uncompressed in the first step of each fit" : "",
                (place, kept) -> settings.compressor(kept, place.rows(), place.columns()));
    }
}
