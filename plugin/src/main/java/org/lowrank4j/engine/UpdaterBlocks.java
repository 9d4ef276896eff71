package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.updater.UpdaterUtils;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * The user's updaters over the compact gradient vector: stock updater blocks, neighbours with equal settings merged, so
 * that a network with one updater costs one updater call a step.
 *
 * <p>A block of n entries whose updater keeps k values an entry has a state of k stretches of n (Adam: m, then v). State
 * is handed in and out per trained array, because what merges with what depends on settings that may change.
 */
final class UpdaterBlocks {

    private final List<UpdaterBlock> blocks = new ArrayList<>();
    private final List<Place> places = new ArrayList<>();
    private final @Nullable INDArray state;

    /** Where one trained array's entries are. */
    private record Place(String key, UpdaterBlock block, Segment.Trained trained, long offsetInBlock) {
        long length() {
            return trained.gradient().length();
        }
    }

    /**
     * @param segments in the order of the gradient vector
     * @param gradient the compact gradient vector, rank 1
     */
    UpdaterBlocks(List<Segment> segments, INDArray gradient, DataType type) {
        this(segments, gradient, type, every -> true);
    }

    /** @param updated which trained arrays get an updater; the others are passed over */
    UpdaterBlocks(List<Segment> segments, INDArray gradient, DataType type, Predicate<Segment.Trained> updated) {
        long gradientOffset = 0;
        long stateOffset = 0;
        Segment lastSegment = null;
        String lastName = null;
        UpdaterBlock block = null;
        for (Segment segment : segments) {
            for (Segment.Trained trained : segment.trained()) {
                long length = trained.gradient().length();
                if (!updated.test(trained)) {
                    gradientOffset += length;
                    block = null;
                    continue;
                }
                long stateLength = segment.updater(trained.name()).stateSize(length);
                UpdaterBlock.ParamState entry = new UpdaterBlock.ParamState(
                        segment,
                        trained.name(),
                        Math.toIntExact(gradientOffset),
                        Math.toIntExact(gradientOffset + length),
                        trained.value(),
                        trained.gradient());
                boolean joins = block != null
                        && lastSegment != null
                        && !segment.movesUpdaterState()
                        && !lastSegment.movesUpdaterState()
                        && UpdaterUtils.updaterConfigurationsEquals(lastSegment, lastName, segment, trained.name());
                if (block == null || !joins) {
                    List<UpdaterBlock.ParamState> entries = new ArrayList<>();
                    block = new UpdaterBlock(
                            Math.toIntExact(gradientOffset),
                            Math.toIntExact(gradientOffset),
                            Math.toIntExact(stateOffset),
                            Math.toIntExact(stateOffset),
                            entries);
                    blocks.add(block);
                }
                places.add(new Place(
                        segment.layer() + "/" + trained.name(),
                        block,
                        trained,
                        gradientOffset - block.getParamOffsetStart()));
                block.getLayersAndVariablesInBlock().add(entry);
                gradientOffset += length;
                stateOffset += stateLength;
                block.setParamOffsetEnd(Math.toIntExact(gradientOffset));
                block.setUpdaterViewOffsetEnd(Math.toIntExact(stateOffset));
                lastSegment = segment;
                lastName = trained.name();
            }
        }
        state = stateOffset == 0 ? null : Nd4j.create(type, stateOffset);
        for (UpdaterBlock one : blocks) {
            one.setGradientView(slice(gradient, one.getParamOffsetStart(), one.getParamOffsetEnd()));
            if (state != null && one.getUpdaterViewOffsetEnd() > one.getUpdaterViewOffsetStart()) {
                one.setUpdaterView(slice(state, one.getUpdaterViewOffsetStart(), one.getUpdaterViewOffsetEnd()));
                one.setUpdaterViewRequiresInitialization(true);
            }
            one.init();
        }
    }

    /** Turns gradients into steps, in place. */
    void update(int iteration, int epoch, LayerWorkspaceMgr workspaces) {
        workspaces.assertNotOpen(ArrayType.UPDATER_WORKING_MEM, "Updater working memory");
        for (UpdaterBlock block : blocks) {
            try (MemoryWorkspace scope = workspaces.notifyScopeEntered(ArrayType.UPDATER_WORKING_MEM)) {
                block.update(iteration, epoch);
                standStillAtRateZero(block, iteration, epoch);
            }
        }
    }

    /**
     * At a learning rate of 0, as at the start of a warm-up, nothing moves but by a decay that the user detached from the
     * rate. ND4J's Adam takes its epsilon for a rate of 0, and would move everything a little.
     */
    private static void standStillAtRateZero(UpdaterBlock block, int iteration, int epoch) {
        IUpdater updater = block.getGradientUpdater().getConfig();
        if (!updater.hasLearningRate() || updater.getLearningRate(iteration, epoch) != 0) {
            return;
        }
        block.getGradientView().assign(0);
        for (UpdaterBlock.ParamState entry : block.getLayersAndVariablesInBlock()) {
            for (Regularization term : entry.getLayer().getConfig().getRegularizationByParam(entry.getParamName())) {
                if (term.applyStep() == Regularization.ApplyStep.POST_UPDATER) {
                    term.apply(entry.getParamView(), entry.getGradView(), 0, iteration, epoch);
                }
            }
        }
    }

    /** Bytes of state. */
    long stateBytes() {
        return state == null ? 0 : state.length() * state.dataType().width();
    }

    /**
     * The live state of one trained array: a view for an array with a block of its own.
     *
     * @param key layer/array
     */
    INDArray liveState(String key, DataType type) {
        for (Place place : places) {
            if (place.key().equals(key)) {
                INDArray view = place.block().getUpdaterView();
                if (view == null) {
                    return Nd4j.empty(type);
                }
                if (place.length() != length(place.block())) {
                    throw new IllegalStateException(key + " shares its updater block with others");
                }
                return view;
            }
        }
        throw new IllegalArgumentException("no updater state for " + key);
    }

    /** Copies of all state, by layer/array; arrays whose updater keeps none are left out. */
    Map<String, INDArray> stateByArray() {
        Map<String, INDArray> copies = new HashMap<>();
        for (Place place : places) {
            INDArray view = place.block().getUpdaterView();
            if (view != null) {
                int stretches = stretches(place);
                INDArray copy = Nd4j.create(view.dataType(), stretches * place.length());
                for (int i = 0; i < stretches; i++) {
                    slice(copy, i * place.length(), (i + 1) * place.length()).assign(stretch(view, place, i));
                }
                copies.put(place.key(), copy);
            }
        }
        return copies;
    }

    /**
     * Puts state back.
     *
     * @throws LowRankException if an array has no state here, or of another length
     */
    void restore(Map<String, INDArray> stateByArray) {
        for (Place place : places) {
            INDArray view = place.block().getUpdaterView();
            if (view == null) {
                continue;
            }
            int stretches = stretches(place);
            INDArray copy = stateByArray.get(place.key());
            if (copy == null || copy.length() != stretches * place.length()) {
                throw new LowRankException(
                        "The updater state of " + place.key() + " has "
                                + (copy == null ? "no entries" : copy.length() + " entries") + " where "
                                + stretches * place.length()
                                + " are needed. Was the updater another one, or was something else trained, when it was saved?");
            }
            INDArray flat = copy.reshape(copy.length());
            for (int i = 0; i < stretches; i++) {
                stretch(view, place, i).assign(slice(flat, i * place.length(), (i + 1) * place.length()));
            }
        }
    }

    /** The learning rate of one trained array at this step; 1 for an updater without one. */
    double learningRate(String key, int iteration, int epoch) {
        for (Place place : places) {
            if (place.key().equals(key)) {
                var config = place.block().getGradientUpdater().getConfig();
                return config.hasLearningRate() ? config.getLearningRate(iteration, epoch) : 1.0;
            }
        }
        throw new IllegalArgumentException("no updater for " + key);
    }

    private static int length(UpdaterBlock block) {
        return block.getParamOffsetEnd() - block.getParamOffsetStart();
    }

    private static int stretches(Place place) {
        return Math.toIntExact(place.block().getUpdaterView().length() / length(place.block()));
    }

    private static INDArray stretch(INDArray blockState, Place place, int index) {
        long start = (long) index * length(place.block()) + place.offsetInBlock();
        return slice(blockState, start, start + place.length());
    }

    private static INDArray slice(INDArray vector, long from, long to) {
        return vector.get(NDArrayIndex.interval(from, to));
    }
}
