package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Extraction;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.network.NetworkWeights;

/** The verb extract. */
public final class Extracting {

    private Extracting() {}

    /**
     * Writes the adapter.
     *
     * @param rank of every layer; null for an energy
     * @param energy to keep; null for a rank
     * @param layers to decompose, or keys of matrices; empty for all
     */
    public static Result extract(
            Path base,
            Path tuned,
            @Nullable Integer rank,
            @Nullable Double energy,
            List<String> layers,
            Path output,
            Progress progress)
            throws IOException {
        ModelFile before = AdapterSource.model(base, progress);
        ModelFile after = AdapterSource.model(tuned, progress);
        NetworkWeights network = NetworkWeights.of(before.network());
        Set<String> names = new LinkedHashSet<>(network.layers().keySet());
        names.addAll(network.matrices());
        checkNames(layers, names);
        Set<String> begun = new HashSet<>();
        Predicate<String> wanted = layer -> {
            boolean chosen = layers.isEmpty() || layers.contains(layer);
            if (chosen && begun.add(layer)) {
                progress.begin("decomposing the change of layer " + layer);
            }
            return chosen;
        };
        Adapter adapter = rank != null
                ? Extraction.ofRank(before.network(), after.network(), rank, wanted)
                : Extraction.ofEnergy(before.network(), after.network(), energy == null ? 1 : energy, wanted);
        PeftDirectory.write(adapter, output);
        List<String> kept = adapter.layers().keySet().stream()
                .map(layer -> "  " + layer + ": keeps "
                        + percent(adapter.metadata().getOrDefault("energy/" + layer, "1"))
                        + " of the squared change of its weight")
                .toList();
        return AdapterTable.of(adapter)
                .written("adapter written to " + output, output, kept, BaseCheck.newLayers(adapter, before));
    }

    private static String percent(String part) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * Double.parseDouble(part));
    }

    private static void checkNames(List<String> wanted, Set<String> known) {
        for (String name : wanted) {
            if (!known.contains(name)) {
                throw new LowRankException("The models have no layer '" + name + "'; they have " + known + "."
                        + NearestName.suggestion(name, known));
            }
        }
    }
}
