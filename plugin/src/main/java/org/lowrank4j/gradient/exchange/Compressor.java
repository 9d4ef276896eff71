package org.lowrank4j.gradient.exchange;

import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One worker's side of a compressed exchange of one gradient matrix, with the memory of what it has not sent yet.
 *
 * <p>A step is {@link #compress}; then, for each round, the messages of all workers are averaged and handed back, to
 * {@link #next} in every round but the last, and to {@link #decompress} in the last. {@link CompressedExchange} does it within one
 * process; over a network only the averaging differs. All workers make the same calls in the same order, and from the
 * same averages the same approximation.
 *
 * <p>Not thread-safe.
 */
public interface Compressor {

    /** How many rounds the coming step has, at least 1; the same for all workers. */
    int rounds();

    /**
     * Starts a step.
     *
     * @param gradient this worker's, of the shape that the compressor was made for; not changed
     * @return what to send in the first round
     */
    Message compress(INDArray gradient);

    /**
     * Goes on to the next round.
     *
     * @param average of the messages of the round before; may be kept
     */
    Message next(INDArray average);

    /**
     * Ends a step and remembers what was left out.
     *
     * @param average of the messages of the last round; may be kept
     * @param approximation receives what stands for the average of all gradients
     */
    void decompress(INDArray average, INDArray approximation);

    /** Bytes of the messages of a step, once it compresses. */
    long bytes();

    /** What exact resumption needs. */
    Kept kept();
}
