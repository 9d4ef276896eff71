package digits;

import java.util.Locale;

/** One way to fine-tune in the comparison. All four run the same program, {@link FineTune}. */
public enum Arm {
    /** Stock DL4J, every weight trained. */
    FULL("full fine-tuning", 1e-3, "all", ""),
    /** Stock DL4J transfer learning: hidden layers frozen, output layer trained. */
    HEAD("frozen body", 1e-2, "output", ""),
    /** With the agent: LoRA as published, A from Kaiming's uniform distribution and B = 0 (Hu et al. 2022). */
    LORA("LoRA", 3e-3, "all", "init=kaiming"),
    /** With the agent: factors from the first gradient, scaled by alpha / sqrt(rank) (LoRA-GA, Wang et al. 2024). */
    LORA_GA("LoRA-GA", 1.5e-3, "all", "init=lora-ga,scaling=rslora");

    /** How tables and the chart call it. */
    public final String title;

    /**
     * Adam's learning rate, fixed per arm and the same for MNIST and drawn digits, since each arm is at its best at
     * another one. On rotated MNIST digits after 800 steps, full fine-tuning is best at 1e-3 (of 5e-4, 1e-3, 2e-3), the
     * frozen body at 3e-3 to 1e-2, LoRA at 3e-3 (95.1 %, against 93.1 % at 1e-3 and 93.6 % at 6e-3), and LoRA-GA at
     * 1.5e-3 (95.0 %, against 94.7 % at 1e-3 and 94.1 % at 2e-3): its factors start at the size of a step, and its scale
     * is 5.7 where LoRA's is 2.
     */
    final double rate;

    /** What {@code FineTune --train} gets. */
    final String trained;

    /** The agent's arguments, which override the annotation; empty where the agent is absent. */
    final String agentArguments;

    Arm(String title, double rate, String trained, String agentArguments) {
        this.title = title;
        this.rate = rate;
        this.trained = trained;
        this.agentArguments = agentArguments;
    }

    boolean usesAgent() {
        return !agentArguments.isEmpty();
    }

    /** The name as written on the command line and in file names: {@code lora-ga}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
