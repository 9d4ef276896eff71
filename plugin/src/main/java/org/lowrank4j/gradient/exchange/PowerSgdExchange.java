package org.lowrank4j.gradient.exchange;

import java.util.List;
import java.util.function.Function;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * PowerSGD (arXiv 1905.13727) between replicas: of each matrix of the gradient two thin ones are sent, with error feedback;
 * vectors are sent whole. Whatever trains counts: factors of adapters, and weights that train in full.
 *
 * <p>The formulas are in {@link PowerSgdCompressor}. At full rank this is {@code mean}. What a replica has not sent yet lasts
 * as long as the fit: the next one begins without, and with uncompressed steps again; no file has it. Memory: for each
 * replica the error, of the size of what is compressed, and the query.
 */
public final class PowerSgdExchange implements GradientExchange {

    @Override
    public String name() {
        return "powersgd";
    }

    @Override
    public List<MethodOption> options() {
        return PowerSgdCompressor.OPTIONS;
    }

    @Override
    public Function<ExchangedGradient, Steps> steps(OptionValues options) {
        PowerSgdCompressor.Settings settings = PowerSgdCompressor.Settings.of(options);
        String remark =
                settings.start() == 0 ? "" : "uncompressed in the first " + settings.start() + " steps of each fit";
        return given -> new CompressedSteps(
                given,
                remark,
                (place, kept) -> settings.compressor(
                        kept, place.rows(), place.columns(), place.rank(), CompressedSteps.random(given, place)));
    }
}
