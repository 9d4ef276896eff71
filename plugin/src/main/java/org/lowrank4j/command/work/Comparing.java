package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.network.NetworkWeights;
import org.lowrank4j.report.TextTable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The verb diff. */
public final class Comparing {

    private static final int WIDTH = 110;

    private final TextTable table = new TextTable(
            List.of("layer", "what", "shape", "largest", "relative", "cosine", "effective rank"), Set.of(3, 4, 5, 6));
    private final List<Object> differing = new ArrayList<>();
    private final List<String> only = new ArrayList<>();
    private final double tolerance;
    private int same;
    private int beyond;

    /** @param tolerance the relative difference that passes; 0 if only the same bits do */
    private Comparing(double tolerance) {
        this.tolerance = tolerance;
    }

    /** Parameter by parameter. */
    public static Result models(Path left, Path right, double tolerance, boolean spectrum, Progress progress)
            throws IOException {
        Map<String, Map<String, INDArray>> before = parameters(AdapterSource.model(left, progress));
        Map<String, Map<String, INDArray>> after = parameters(AdapterSource.model(right, progress));
        Comparing comparing = new Comparing(tolerance);
        comparing.compare(before, after, spectrum);
        return comparing.result(left, right, "parameter", "parameters");
    }

    private static Map<String, Map<String, INDArray>> parameters(ModelFile model) {
        Map<String, Map<String, INDArray>> parameters = new LinkedHashMap<>();
        NetworkWeights.of(model.network()).layers().forEach((name, part) -> parameters.put(name, part.parameters()));
        return parameters;
    }

    /** By the changes of the weights, and parameter by parameter what was trained in full. */
    public static Result adapters(Path left, Path right, @Nullable Path base, double tolerance, Progress progress)
            throws IOException {
        ModelFile foundation = AdapterSource.base(base, progress);
        Adapter one = AdapterSource.read(left, foundation, progress);
        Adapter other = AdapterSource.read(right, foundation, progress);
        Comparing comparing = new Comparing(tolerance);
        comparing.compare(changes(one), changes(other), true);
        comparing.compare(one.parameters(), other.parameters(), false);
        if (!Objects.equals(one.base(), other.base())) {
            comparing.only.add("they were made on different bases, or one does not know its base");
        }
        return comparing.result(left, right, "change or parameter", "changes and parameters");
    }

    private static Map<String, Map<String, INDArray>> changes(Adapter adapter) {
        Map<String, Map<String, INDArray>> changes = new LinkedHashMap<>();
        adapter.layers().forEach((name, layer) -> changes.put(name, change(layer)));
        return changes;
    }

    private static Map<String, INDArray> change(LayerAdapter layer) {
        Map<String, INDArray> change = new LinkedHashMap<>();
        change.put("sAB", layer.product());
        INDArray magnitude = layer.magnitude();
        if (magnitude != null) {
            change.put("M", magnitude);
        }
        return change;
    }

    private void compare(
            Map<String, Map<String, INDArray>> left, Map<String, Map<String, INDArray>> right, boolean spectrum) {
        Set<String> layers = new LinkedHashSet<>(left.keySet());
        layers.addAll(right.keySet());
        for (String layer : layers) {
            Map<String, INDArray> before = left.getOrDefault(layer, Map.of());
            Map<String, INDArray> after = right.getOrDefault(layer, Map.of());
            Set<String> names = new LinkedHashSet<>(before.keySet());
            names.addAll(after.keySet());
            names.forEach(name -> compare(layer, name, before.get(name), after.get(name), spectrum));
        }
    }

    private void compare(
            String layer, String name, @Nullable INDArray before, @Nullable INDArray after, boolean spectrum) {
        if (before == null || after == null) {
            only.add(name + " of layer " + layer + " is only in the " + (before == null ? "right" : "left") + " one");
        } else if (!Arrays.equals(before.shape(), after.shape()) || before.dataType() != after.dataType()) {
            only.add(name + " of layer " + layer + " is " + before.dataType() + " " + Numbers.shape(before)
                    + " in the left one and " + after.dataType() + " " + Numbers.shape(after) + " in the right one");
        } else if (sameBits(before, after)) {
            same++;
        } else {
            differ(layer, name, before.castTo(DataType.DOUBLE), after.castTo(DataType.DOUBLE), spectrum);
        }
    }

    /** Every double is compared as it is, so that NaN equals NaN and 0 does not equal -0. */
    private static boolean sameBits(INDArray before, INDArray after) {
        return Arrays.equals(
                before.dup('c').data().asDouble(), after.dup('c').data().asDouble());
    }

    private void differ(String layer, String name, INDArray before, INDArray after, boolean spectrum) {
        INDArray change = after.sub(before);
        double norm = before.norm2Number().doubleValue();
        double normAfter = after.norm2Number().doubleValue();
        double largest = change.amaxNumber().doubleValue();
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("layer", layer);
        one.put("name", name);
        one.put("shape", Numbers.shape(before));
        one.put("largest", largest);
        String relative = "";
        double part = norm > 0 ? change.norm2Number().doubleValue() / norm : Double.POSITIVE_INFINITY;
        if (!(tolerance > 0 && part <= tolerance)) {
            beyond++;
        }
        if (norm > 0) {
            one.put("relative", part);
            relative = Numbers.shown(part);
        }
        String angle = "";
        if (norm > 0 && normAfter > 0) {
            double cosine = before.mul(after).sumNumber().doubleValue() / (norm * normAfter);
            one.put("cosine", cosine);
            angle = String.format(Locale.ROOT, "%.6f", cosine);
        }
        String rank = "";
        if (spectrum && change.rank() == 2 && !change.isVector()) {
            double effective = Spectrum.of(change).effectiveRank();
            one.put("effectiveRank", effective);
            rank = Numbers.shown(effective);
        }
        differing.add(one);
        table.add(List.of(layer, name, Numbers.shape(before), Numbers.shown(largest), relative, angle, rank));
    }

    private Result result(Path left, Path right, String one, String several) {
        boolean equal = differing.isEmpty() && only.isEmpty();
        List<String> lines = new ArrayList<>();
        if (equal) {
            lines.add("the same bits in " + Numbers.counted(same, one, several));
        } else {
            lines.add(Numbers.counted(differing.size(), one + " differs", several + " differ")
                    + (tolerance > 0 ? " (" + beyond + " by more than " + tolerance + " relative)" : "") + ", " + same
                    + (same == 1 ? " is the same" : " are the same"));
            lines.addAll(differing.isEmpty() ? List.of() : table.lines(WIDTH));
            lines.addAll(only);
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("left", left.toString());
        values.put("right", right.toString());
        values.put("same", equal);
        values.put("tolerance", tolerance);
        values.put("beyondTolerance", beyond);
        values.put("unchanged", same);
        values.put("differing", differing);
        values.put("notes", only);
        return new Result(beyond == 0 && only.isEmpty(), values, lines);
    }
}
