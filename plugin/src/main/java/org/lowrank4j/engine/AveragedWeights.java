package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.average.SavedAverages;
import org.lowrank4j.average.WeightAverage;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.Replication;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.Target;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.WeightUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The average of what a network trains: it follows every step, and stands in the place of what is trained from the end of one
 * fit to the first step of the next.
 */
final class AveragedWeights {

    private static final long NONE = -1;
    private static final long ENDED = -2;

    private final WeightAverage.Mean mean;
    private final List<Array> arrays = new ArrayList<>();
    private final KeptNumber steps;
    /** 1 while the average stands in the place of what is trained. */
    private final KeptNumber shown;
    /** That of the last step, unless it has ended; {@link #NONE} before the first. Null if training does not go on from the average with epochs. */
    private final @Nullable KeptNumber epoch;

    /**
     * What is averaged.
     *
     * @param name under which a file has it
     * @param live where the network or an adapter has it
     * @param matrix whose W follows it; null if it is part of the network
     * @param step its view of the matrix's gradients, free between steps; null if there is no matrix
     */
    private record Place(
            String name,
            INDArray live,
            @Nullable AdaptedMatrix matrix,
            @Nullable INDArray step) {}

    /**
     * One array that is averaged.
     *
     * @param copies what the average keeps of it
     * @param trained what is trained, while the average stands in its place
     */
    private record Array(Place place, INDArray[] copies, INDArray trained) {

        INDArray live() {
            return place.live();
        }
    }

    private AveragedWeights(WeightAverage.Mean mean, List<Place> places, Kept kept) {
        this.mean = mean;
        steps = kept.number(SavedAverages.STEPS, 0);
        shown = kept.number(SavedAverages.SHOWN, 0);
        epoch = mean.replacesAtEpochs() ? kept.number("epoch", NONE) : null;
        keepWidths(kept, mean.widths());
        long length = places.stream().mapToLong(place -> place.live().length()).sum();
        // The report names one array, a file those of each place.
        INDArray memory = kept.work("copies", 'c', mean.copies() + 1, length);
        long from = 0;
        for (Place place : places) {
            INDArray[] copies = new INDArray[mean.copies()];
            for (int i = 0; i < copies.length; i++) {
                copies[i] = kept.saved(SavedAverages.copy(i, place.name()), view(memory, i, from, place.live()));
            }
            arrays.add(new Array(
                    place,
                    copies,
                    kept.saved("trained." + place.name(), view(memory, copies.length, from, place.live()))));
            from += place.live().length();
        }
    }

    /** A file says what its averages are, and only the same ones go on from it. */
    private static void keepWidths(Kept kept, double[] widths) {
        if (widths.length > 0) {
            INDArray saved = kept.array(SavedAverages.WIDTHS, DataType.DOUBLE, 'c', widths.length);
            kept.fill(() -> saved.assign(Nd4j.createFromArray(widths)));
            kept.afterRestoring(() -> {
                if (!Arrays.equals(saved.toDoubleVector(), widths)) {
                    throw new LowRankException("The saved averages have the widths "
                            + Arrays.toString(saved.toDoubleVector()) + ", and the rule wants "
                            + Arrays.toString(widths) + ".");
                }
            });
        }
    }

    private static INDArray view(INDArray memory, int row, long from, INDArray like) {
        return memory.slice(row)
                .get(NDArrayIndex.interval(from, from + like.length()))
                .reshape(like.ordering(), like.shape());
    }

    /**
     * As a plan has it; null if it names none.
     *
     * @param kept of the network
     */
    static @Nullable AveragedWeights of(Plan plan, Methods methods, Places places, Kept kept) {
        String source = plan.rule().source();
        WeightAverage average = methods.average(plan.rule().average(), source);
        if (average == null) {
            return null;
        }
        List<Place> all = new ArrayList<>();
        places.stretches()
                .forEach(stretch -> all.add(
                        new Place(SavedAverages.PARAMETERS + stretch.name(), stretch.parameters(), null, null)));
        for (Target target : plan.targets()) {
            for (AdaptedMatrix matrix : places.matrices()) {
                if (matrix.key().equals(target.key())) {
                    add(all, matrix, methods.update(target.settings().update(), source));
                }
            }
        }
        return new AveragedWeights(average.mean(plan.rule().options(average)), all, kept.under(SavedAverages.AVERAGE));
    }

    private static void add(List<Place> all, AdaptedMatrix matrix, LowRankUpdate update) {
        if (update instanceof WeightUpdate || !update.replicates().contains(Replication.VALUES)) {
            all.add(new Place(SavedAverages.WEIGHT + matrix.key(), matrix.weight(), null, null));
            return;
        }
        for (int i = 0; i < matrix.gradients().length; i++) {
            INDArray value =
                    Objects.requireNonNull(matrix.update().tensors().get(i).value());
            all.add(new Place(SavedAverages.TENSOR + matrix.key(i), value, matrix, matrix.gradients()[i]));
        }
    }

    /**
     * Before a step: what is trained is in its place again, with what a program wrote meanwhile.
     *
     * @param epochOfStep as the network counts
     */
    void hide(int epochOfStep) {
        if (shown.get() == 1) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                arrays.forEach(this::obey);
                move(array -> array.trained());
                arrays.forEach(array -> array.live().assign(array.trained()));
            }
            shown.set(0);
        } else if (steps.get() == 0) {
            for (Array array : arrays) {
                for (INDArray copy : array.copies()) {
                    copy.assign(array.live());
                }
            }
        }
        if (epoch != null) {
            if (epoch.get() != NONE && epoch.get() != epochOfStep) {
                replace();
            }
            epoch.set(epochOfStep);
        }
    }

    /**
     * After a step that counts.
     *
     * @param examples of its minibatch
     */
    void follow(int examples) {
        long step = steps.increment();
        arrays.forEach(array -> mean.follow(array.live(), array.copies(), step, examples));
        if (mean.replacesAfter(step)) {
            replace();
        }
    }

    /** The data have been gone through once, where the network does not count it. */
    void endEpoch() {
        if (epoch != null && epoch.get() != NONE) {
            epoch.set(ENDED);
        }
    }

    /** At the end of a fit: the average takes the place of what is trained. */
    void show() {
        if (shown.get() == 0 && steps.get() > 0) {
            replace();
            shown.set(1);
        }
    }

    /** The average takes the place of what is trained. */
    private void replace() {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            arrays.forEach(array -> array.trained().assign(array.live()));
            move(this::average);
            arrays.forEach(array -> {
                array.live().assign(array.trained());
                mean.write(array.copies(), steps.get(), array.live());
            });
        }
    }

    /** Moves W of the matrices that follow their tensors; rounding is left in the tensors, not in W. */
    private void move(Function<Array, INDArray> to) {
        Set<AdaptedMatrix> moved = new LinkedHashSet<>();
        for (Array array : arrays) {
            Place place = array.place();
            if (place.matrix() != null && place.step() != null) {
                place.step().assign(place.live()).subi(to.apply(array));
                moved.add(place.matrix());
            }
        }
        moved.forEach(matrix -> matrix.update().move(matrix.gradients()));
    }

    private INDArray average(Array array) {
        INDArray average = array.trained().dup(array.trained().ordering());
        mean.write(array.copies(), steps.get(), average);
        return average;
    }

    /** What a program has written to the average is what is trained, and the average, from then on. */
    private void obey(Array array) {
        INDArray written = array.live().neq(average(array)).castTo(array.live().dataType());
        if (Blas.asum(written) > 0) {
            INDArray others = written.rsub(1);
            written.muli(array.live());
            array.trained().muli(others).addi(written);
            for (INDArray copy : array.copies()) {
                copy.muli(others).addi(written);
            }
        }
    }
}
