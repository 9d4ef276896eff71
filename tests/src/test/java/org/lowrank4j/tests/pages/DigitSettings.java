package org.lowrank4j.tests.pages;

import digits.Digits;
import picocli.CommandLine.Option;

/** The options of the pages about digits. */
public final class DigitSettings extends Settings {

    private static final int SEEDS = 3;

    @Option(
            names = "--data",
            description = "MNIST directory, or \"drawn\"; looked for in the usual places if not given")
    private String data;

    @Option(names = "--seeds", description = "networks per row with the chosen rate (3; quick: 1)")
    private Integer seeds;

    /** A MNIST directory, or {@code drawn}. */
    public String data() {
        String found = quick() && data == null ? "" : Digits.locate(data == null ? "" : data);
        return found.isEmpty() ? Digits.DRAWN : found;
    }

    public boolean drawn() {
        return data().equals(Digits.DRAWN);
    }

    /** Networks per row with the chosen rate, with the seeds from 1. */
    public int seeds() {
        if (seeds == null) {
            return quick() ? 1 : SEEDS;
        }
        if (seeds < 1 || seeds >= RateGrid.TUNING_SEED) {
            throw wrong("--seeds " + seeds + " is no number from 1 to " + (RateGrid.TUNING_SEED - 1) + ".");
        }
        return seeds;
    }

    @Override
    protected boolean isPublishable() {
        return super.isPublishable() && !drawn();
    }
}
