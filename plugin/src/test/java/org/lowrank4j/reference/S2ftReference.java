package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.S2ft;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** S2FT: rows, columns, and two layers that are coupled through their hidden units. */
public final class S2ftReference implements Reference {

    @Override
    public String method() {
        return "s2ft";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.hasInput("W1")) {
            coupled(given, type, outcome);
            return;
        }
        int start = given.whole("start");
        TargetWeight target =
                target(given.input("W", type), given.whole("end") - start, given.text("side"), Integer.toString(start));
        TargetUpdate update = new S2ft().attach(target);
        update.start();
        Targets.moveTo(update, given.input("V", type));
        outcome.put("W_effective", target.weight());
        Targets.put(given, update, target, outcome, "dV");
    }

    private static void coupled(ReferenceCase given, DataType type, Outcome outcome) {
        String ours = "units are chosen at random or by the norms of the weights, and gathered where they are";
        outcome.notProduced("activation_sum", ours);
        outcome.notProduced("selected", ours);
        outcome.notProduced("order", ours);
        int[] selected = given.expectedWholeNumbers("selected");
        INDArray units = Nd4j.createFromArray(selected).castTo(DataType.LONG);
        TargetWeight first = target(given.input("W1", type), selected.length, "columns", "0");
        TargetWeight second = target(given.input("W2", type), selected.length, "rows", "0");
        outcome.put("y_before", output(given.input("x", type), first, second));
        move(first, units, given.input("V1", type));
        move(second, units, given.input("V2", type));
        outcome.put("W1_effective", first.weight());
        outcome.put("W2_effective", second.weight());
        outcome.put("y", output(given.input("x", type), first, second));
    }

    private static INDArray output(INDArray x, TargetWeight first, TargetWeight second) {
        return Transforms.relu(x.mmul(first.weight())).mmul(second.weight());
    }

    private static void move(TargetWeight target, INDArray units, INDArray change) {
        TargetUpdate update = new S2ft().attach(target);
        Targets.restore(update, Map.of("units", units));
        Targets.moveTo(update, change);
    }

    private static TargetWeight target(INDArray w, int units, String side, String which) {
        return Targets.target(w, units, 1, 1, Map.of("s2ft.side", side, "s2ft.units", which));
    }
}
