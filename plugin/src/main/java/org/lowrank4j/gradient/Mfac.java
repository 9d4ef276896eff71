package org.lowrank4j.gradient;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.lowrank4j.LowRankException;
import org.lowrank4j.fisher.GradientWindow;
import org.lowrank4j.fisher.GradientWindow.Filling;
import org.lowrank4j.fisher.MfacDirection;
import org.lowrank4j.fisher.WindowMemory;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * M-FAC (arXiv 2107.03356, section 3.2): the gradient g of everything that the network trains is replaced by F^-1 g, where
 * F is the empirical Fisher matrix of the last m gradients. The formulas are in {@link GradientWindow} and {@link
 * MfacDirection}; the user's updater comes after it, and plain SGD is what it is published with.
 *
 * <p>The window keeps m gradients of d trained entries, m d numbers, and says so before it takes them; with {@code
 * update=lora} d is small. A step costs 2 m d + m^3 / 3 multiplications more. While the window fills, F is the mean of the
 * gradients that there are; {@code mfac.filling=whole-window} divides by m from the first step on, as the released code
 * does, whose first steps are up to 1 / lambda times too long.
 *
 * <p>l1 and l2 of targets are part of g, as published; those of layers that are trained in full act after it, and so does
 * weight decay. Published: plain SGD at 1e-3, m 512 to 1024, lambda 1e-5, no momentum, minibatches of 128.
 */
public final class Mfac implements GradientApproximation {

    @Override
    public String name() {
        return "mfac";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("window", "512", "how many gradients are kept, 1 or more"),
                new MethodOption("lambda", "1e-5", "the damping of the Fisher matrix, a number above 0"),
                new MethodOption("momentum", "0", "the share of the last direction in the next one, from 0 to below 1"),
                new MethodOption(
                        "filling",
                        "filled-slots",
                        "what the gradients' sum is divided by while the window fills: filled-slots or whole-window"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        return update;
    }

    @Override
    public NetworkGradient ofNetwork(long entries, DataType type, OptionValues options, Kept kept) {
        int window = options.positiveInt("window");
        kept.say(String.format(
                Locale.ROOT,
                "mfac keeps %,d gradients of %,d entries: %,d bytes",
                window,
                entries,
                WindowMemory.bytes(window, entries, type)));
        GradientWindow gradients = window(window, entries, type, options);
        double momentum = options.belowOne("momentum");
        MfacDirection direction = new MfacDirection(gradients, entries, momentum);
        // The window with its factor on the heap and, with momentum, the last direction in double.
        long factor = (long) window * window * Double.BYTES;
        kept.reserve(
                "window " + window + " x " + entries,
                WindowMemory.bytes(window, entries, type)
                        + Long.BYTES
                        + factor
                        + (momentum == 0 ? 0 : entries * Double.BYTES));
        direction.state().forEach(kept::saved);
        kept.afterRestoring(direction::restored);
        return direction::replace;
    }

    private static GradientWindow window(int window, long entries, DataType type, OptionValues options) {
        double lambda = options.positiveDouble("lambda");
        Filling filling = options.choice("filling", Filling.class);
        try {
            return new GradientWindow(window, entries, type, lambda, filling);
        } catch (LowRankException tooLarge) {
            throw new LowRankException("mfac.window=" + window + " is refused. " + tooLarge.getMessage(), tooLarge);
        }
    }
}
