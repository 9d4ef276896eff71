package org.lowrank4j.examples.digits;

import java.util.Locale;

/** One way to fine-tune in the comparison. All four run the same program, {@link FineTune}. */
enum Arm {
    /** Stock DL4J, every weight trained. */
    FULL("full fine-tuning", 1e-3, "all", ""),
    /** Stock DL4J transfer learning: hidden layers frozen, output layer trained. */
    HEAD("frozen body", 1e-2, "output", ""),
    /** With the agent: LoRA as published, A from Kaiming's uniform distribution and B = 0 (Hu et al. 2022). */
    LORA("LoRA", 3e-3, "all", "init=kaiming"),
    /** With the agent: factors from the first gradient, scaled by alpha / sqrt(rank) (LoRA-GA, Wang et al. 2024). */
    LORA_GA("LoRA-GA", 1e-3, "all", "init=lora-ga,scaling=rslora");

    /** How tables and the chart call it. */
    final String title;

    /**
     * Adam's learning rate, fixed per arm and the same for MNIST and drawn digits, since each arm is at its best at
     * another one. Full fine-tuning: 1e-3 is the best of 5e-4, 1e-3 and 2e-3 on both. Frozen body: of 1e-3, 3e-3 and
     * 1e-2 the last is the best on drawn digits and half a point behind 3e-3 on MNIST. LoRA starts with B = 0 and a
     * scale of 2 and needs larger steps than LoRA-GA, whose factors start at the size of a step and whose scale is 5.7.
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
