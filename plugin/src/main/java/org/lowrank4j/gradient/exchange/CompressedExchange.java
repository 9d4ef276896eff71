package org.lowrank4j.gradient.exchange;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A compressed exchange whose workers are all in this process. */
public final class CompressedExchange {

    private CompressedExchange() {}

    /**
     * One step of all workers.
     *
     * @param workers one or more compressors of the same kind and shape
     * @param gradients one for each worker; not changed
     * @param approximation receives what stands for their average
     * @return the bytes that each worker sends
     */
    public static long step(List<? extends Compressor> workers, List<INDArray> gradients, INDArray approximation) {
        if (workers.isEmpty() || workers.size() != gradients.size()) {
            throw new IllegalArgumentException(
                    "there are " + workers.size() + " workers and " + gradients.size() + " gradients");
        }
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < workers.size(); i++) {
            messages.add(workers.get(i).compress(gradients.get(i)));
        }
        long bytes = messages.get(0).bytes();
        int rounds = workers.get(0).rounds();
        for (int round = 1; round < rounds; round++) {
            INDArray average = average(messages);
            messages.clear();
            workers.forEach(worker -> messages.add(worker.next(average)));
            bytes += messages.get(0).bytes();
        }
        INDArray average = average(messages);
        workers.forEach(worker -> worker.decompress(average, approximation));
        return bytes;
    }

    private static INDArray average(List<Message> messages) {
        INDArray sum = messages.get(0).zeros();
        messages.forEach(message -> message.addTo(sum));
        return messages.size() == 1 ? sum : sum.divi(messages.size());
    }
}
