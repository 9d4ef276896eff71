package org.lowrank4j.subspace;

import java.util.Locale;
import org.lowrank4j.LowRankException;
import org.lowrank4j.fisher.WindowMemory;

/**
 * The memory that a projection keeps, known before any of it is taken.
 *
 * @param bytes about how many
 * @param heap whether on the heap; else where ND4J's arrays are
 */
public record ProjectionMemory(double bytes, boolean heap) {

    /** What may still be allocated there. */
    public long available() {
        if (!heap) {
            return WindowMemory.available();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory();
    }

    /** As text, for example {@code 597,630,000 bytes outside the heap}. */
    public String text() {
        return String.format(Locale.ROOT, "%,.0f bytes %s", bytes, heap ? "on the heap" : "outside the heap");
    }

    /**
     * Refuses what does not fit.
     *
     * @param what keeps the memory, as the start of a sentence
     * @param advice a sentence
     * @throws LowRankException if less is available, with both numbers
     */
    public void require(String what, String advice, long available) {
        if (bytes > available) {
            throw new LowRankException(String.format(
                    Locale.ROOT,
                    "%s takes %s, and %,d are available there. %s %s",
                    what,
                    text(),
                    available,
                    advice,
                    heap
                            ? "Raise -Xmx if the machine has more."
                            : "Raise -Dorg.bytedeco.javacpp.maxbytes if the machine has more."));
        }
    }
}
