package org.lowrank4j.examples.digits;

import java.util.Locale;

/** One way to fine-tune in the comparison. All four run the same program, {@link FineTune}. */
enum Arm {
    /** Stock DL4J, every weight trained. */
    FULL("full fine-tuning", 1e-3, "all", ""),
    /** Stock DL4J transfer learning: hidden layers frozen, output layer trained. */
    HEAD("frozen body", 3e-3, "output", ""),
    /** With the agent: LoRA as published, A from Kaiming's uniform distribution and B = 0 (Hu et al. 2022). */
    LORA("LoRA", 3e-3, "all", "init=kaiming"),
    /** With the agent: factors from the first gradient, scaled by alpha / sqrt(rank) (LoRA-GA, Wang et al. 2024). */
    LORA_GA("LoRA-GA", 1e-3, "all", "init=lora-ga,scaling=rslora");

    /** How tables and the chart call it. */
    final String title;

    /**
     * Adam's learning rate. Full fine-tuning keeps the rate of pre-training. Head and adapters train far fewer
     * numbers, each from a worse place, and take larger steps.
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
