package org.lowrank4j.rule;

/** How the scale s of an update s A B follows from alpha and the rank. */
public enum Scaling {
    /** s = alpha / r (LoRA, arXiv 2106.09685, section 4.1). */
    STANDARD {
        @Override
        public double scale(double alpha, int rank) {
            return alpha / rank;
        }
    },
    /** s = alpha / sqrt(r) (rsLoRA, arXiv 2312.03732, theorem 3.2). */
    RSLORA {
        @Override
        public double scale(double alpha, int rank) {
            return alpha / Math.sqrt(rank);
        }
    };

    /** The factor s. */
    public abstract double scale(double alpha, int rank);
}
