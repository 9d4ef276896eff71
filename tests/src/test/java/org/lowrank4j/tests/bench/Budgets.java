package org.lowrank4j.tests.bench;

/** What a step of ours may take of another contestant's, by the project's design; NaN where it says nothing. */
final class Budgets {

    static final String STOCK = "stock";
    static final String FLOOR = "gemm";
    static final String TORCH = "torch";
    static final String TORCH_AVX2 = "torch-avx2";
    static final String LORA = "lora";
    static final String ONEDNN = "lora-onednn";
    static final String ONEDNN_AVX2 = "lora-onednn-avx2";

    private static final int RANK = 8;

    private Budgets() {}

    /**
     * @param ours which of ours
     * @param other the contestant that it is compared with
     */
    static double of(Workload workload, String ours, String other) {
        if (workload.rank() != RANK || !workload.updater().equals("adam")) {
            return Double.NaN;
        }
        return switch (other) {
            case STOCK -> ofStock(workload, ours);
            case TORCH -> ofTorch(workload, ours, ONEDNN);
            case TORCH_AVX2 -> ofTorch(workload, ours, ONEDNN_AVX2);
            case FLOOR -> isCentre(workload) && workload.batch() == 256 ? 1.25 : Double.NaN;
            default -> Double.NaN;
        };
    }

    private static double ofTorch(Workload workload, String ours, String convolving) {
        boolean asked =
                workload.kind().equals("conv") ? ours.equals(convolving) : isCentre(workload) && ours.equals(LORA);
        return asked ? 1 : Double.NaN;
    }

    private static double ofStock(Workload workload, String ours) {
        boolean engine = ours.equals(ONEDNN);
        if (!engine && !ours.equals(LORA)) {
            return Double.NaN;
        }
        if (isCentre(workload)) {
            return switch (workload.batch()) {
                case 256 -> 0.36;
                case 32 -> 0.20;
                case 8 -> 0.14;
                default -> Double.NaN;
            };
        }
        boolean isRow = Workloads.isBudgeted(workload);
        return switch (isRow ? workload.network() : "") {
            case "conv", "conv-frozen" -> ofConvolution(workload, engine);
            case "depthwise-frozen" -> engine ? 0.01 : Double.NaN;
            case "batchnorm-frozen" -> 0.06;
            case "resnet50" -> engine ? 0.15 : 0.30;
            case "mobilenetv2" -> engine ? 0.20 : 0.35;
            case "lstm" -> 0.40;
            case "embedding" -> 0.10;
            default -> Double.NaN;
        };
    }

    private static double ofConvolution(Workload workload, boolean engine) {
        if (engine) {
            return workload.isFrozen() ? 0.06 : 0.08;
        } else if (workload.kernel() == 1) {
            return 0.08;
        } else if (workload.width() == 256) {
            return 0.35;
        }
        return workload.isFrozen() ? 0.12 : 0.16;
    }

    private static boolean isCentre(Workload workload) {
        return workload.isDense() && workload.width() == 1024 && workload.depth() == 4;
    }
}
