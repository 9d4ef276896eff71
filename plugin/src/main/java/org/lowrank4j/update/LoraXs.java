package org.lowrank4j.update;

/**
 * LoRA-XS (arXiv 2405.17604, section 3, and the released code): W moves by s A R B, and only R (r x r) is trained. A and B
 * are the leading singular directions of the first W = U S V^T (nIn x nOut) and stay as they are:
 *
 * <pre>A = U[:, :r] S_r,   B = V[:, :r]^T,   R normal with standard deviation 1e-5,   dR = s (x A)^T (delta B^T)</pre>
 *
 * <p>Nothing is subtracted from W, so the network starts moved by s A R B, about 1e-5 of W's leading part.
 *
 * <p>Trained numbers and updater state are r^2 for each layer, whatever its size; A and B are kept and saved, because they
 * cannot be found again once W has moved. Published with alpha 16 and with alpha = r, and with learning rates 10 to 40
 * times those of LoRA. Up to a shorter side of 512 the decomposition is exact, beyond it randomised with 10 power
 * iterations, as in the released code.
 */
public final class LoraXs implements LowRankUpdate {

    @Override
    public String name() {
        return "lora-xs";
    }

    @Override
    public String defaultInitialisation() {
        return "";
    }

    @Override
    public boolean hasFactors() {
        return false;
    }

    /** 16, as in the released runs on classification tasks. */
    @Override
    public double defaultAlpha() {
        return 16;
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new LoraXsTarget(name(), target);
    }
}
