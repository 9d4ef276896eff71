package org.lowrank4j.graph;

import java.util.Arrays;
import java.util.Optional;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.api.ops.impl.layers.convolution.Conv2D;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;

/** The arguments of SameDiff's operations at which weights stand, and how a matrix lies in such a weight. */
enum WeightPosition {
    /** x W, and W^T where the operation says so. */
    MATMUL("matmul", 1),
    /** W x, whose matrix is W^T. */
    MATMUL_LEFT("matmul", 0),
    XW_PLUS_B("xw_plus_b", 1),
    RELU_LAYER("relu_layer", 1),
    /** Filters of height x width x channels x outputs: what goes in is what lies under a filter. */
    CONV2D("conv2d", 1),
    /** Wq of heads x size x features, as the three after it. */
    QUERIES("multi_head_dot_product_attention", 3),
    KEYS("multi_head_dot_product_attention", 4),
    VALUES("multi_head_dot_product_attention", 5),
    /** Wo of (heads * size) x features. */
    ATTENDED("multi_head_dot_product_attention", 6),
    /** A row for each token. */
    GATHER("gather", 0);

    private final String operation;
    private final int argument;

    WeightPosition(String operation, int argument) {
        this.operation = operation;
        this.argument = argument;
    }

    /** That of a variable in an operation; empty if it stands at none. */
    static Optional<WeightPosition> of(SameDiffOp used, String variable) {
        String name = used.getOp().opName();
        return Arrays.stream(values())
                .filter(position -> position.operation.equals(name)
                        && position.argument < used.getInputsToOp().size()
                        && used.getInputsToOp().get(position.argument).equals(variable))
                .findFirst();
    }

    /** Whether the matrix is the transpose of what lies in memory, with all axes but the last one as rows. */
    boolean isTransposed(SameDiffOp used) {
        return switch (this) {
            case MATMUL -> transposes((Mmul) used.getOp(), 1);
            case MATMUL_LEFT -> !transposes((Mmul) used.getOp(), 0);
            case QUERIES, KEYS, VALUES -> true;
            default -> false;
        };
    }

    /** Whether the operation has no more than x and W to say how y = x M comes about, with rows of x and y. */
    boolean isPlainProduct(SameDiffOp used) {
        return this == XW_PLUS_B
                || this == MATMUL && !transposes((Mmul) used.getOp(), 0) && !transposes((Mmul) used.getOp(), 2);
    }

    /** Whether a rule that names no layers leaves it alone. */
    boolean onlyIfNamed() {
        return this == GATHER;
    }

    /** Why a weight of this shape cannot be a target here, as a clause; empty if it can. */
    Optional<String> refusal(SameDiffOp used) {
        if (this == CONV2D && ((Conv2D) used.getOp()).getConfig().getWeightsFormat() != WeightsFormat.YXIO) {
            return Optional.of("its filters do not lie as height x width x channels x outputs (YXIO)");
        }
        return Optional.empty();
    }

    /** Of its flags for the first factor, the second one and the result. */
    static boolean transposes(Mmul product, int flag) {
        return product.numIArguments() > flag && product.getIArgument(flag) > 0;
    }
}
