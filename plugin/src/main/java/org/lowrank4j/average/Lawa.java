package org.lowrank4j.average;

import java.util.List;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Latest weight averaging (arXiv 2306.03241): the mean of the last few weights that lie some steps apart. It gains most where
 * the learning rate is high and the weights lie far from each other, an epoch for example.
 *
 * <p>Before the first of them it is the weights themselves, and before the last of the window the mean of those that are there.
 * It keeps as many arrays of what trains as the window has.
 */
public final class Lawa implements WeightAverage {

    private static final String WINDOW = "window";
    private static final String EVERY = "every";

    @Override
    public String name() {
        return "lawa";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(WINDOW, "5", "how many weights the average is of, from 1 on"),
                new MethodOption(EVERY, "100", "the steps from one of them to the next, from 1 on"));
    }

    @Override
    public Mean mean(OptionValues options) {
        int window = options.positiveInt(WINDOW, 1000);
        int every = options.positiveInt(EVERY);
        return new Mean() {
            @Override
            public int copies() {
                return window;
            }

            @Override
            public void follow(INDArray trained, INDArray[] copies, long step, int examples) {
                if (step % every == 0) {
                    copies[(int) ((step / every - 1) % window)].assign(trained);
                }
            }

            @Override
            public void write(INDArray[] copies, long step, INDArray to) {
                int count = (int) Math.min(window, step / every);
                if (count > 0) {
                    to.assign(copies[0]);
                    for (int i = 1; i < count; i++) {
                        to.addi(copies[i]);
                    }
                    to.divi(count);
                }
            }
        };
    }
}
