package org.lowrank4j.loss;

/**
 * Cross entropy with StableMax in the place of softmax (arXiv 2501.04697, equation 7), evaluated in double precision.
 *
 * <pre>
 * s(z) = z + 1 for z &gt;= 0, 1 / (1 - z) for z &lt; 0      p = s(z) / sum s(z)
 * L = -sum_k w_k y_k log p_k                           dL/dz_i = (p_i sum_k w_k y_k - w_i y_i) / (1 + |z_i|)
 * </pre>
 *
 * <p>In single precision, softmax leaves a gradient of exactly 0 once the right class is about 17 ahead of every other,
 * and the network stops to learn; s grows like a straight line, and its gradient fades but stays. StableMax is softmax of
 * sign(z) log(1 + |z|), so both put the classes into the same order.
 *
 * <p>Stands for LossMCXENT and LossNegativeLogLikelihood after softmax, with their class weights w. Labels may be any
 * distribution, or any weights of classes. Masks are one factor for each example.
 */
public final class StableMax extends ClassLoss {

    @Override
    public String name() {
        return "stablemax";
    }

    /** s, which stands where softmax has the exponential. */
    public static double transformed(double z) {
        return z >= 0 ? z + 1 : 1 / (1 - z);
    }

    private static double sum(Example example) {
        double sum = 0;
        for (int i = example.from(); i < example.to(); i++) {
            sum += transformed(example.z()[i]);
        }
        return sum;
    }

    @Override
    double loss(Example example) {
        double logSum = Math.log(sum(example));
        double loss = 0;
        for (int i = example.from(); i < example.to(); i++) {
            double label = example.labels()[i];
            if (label != 0) {
                double z = example.z()[i];
                loss += label * (logSum - Math.copySign(Math.log1p(Math.abs(z)), z));
            }
        }
        return loss;
    }

    @Override
    void gradient(Example example, double[] gradient) {
        double sum = sum(example);
        double mass = 0;
        for (int i = example.from(); i < example.to(); i++) {
            mass += example.labels()[i];
        }
        for (int i = example.from(); i < example.to(); i++) {
            double z = example.z()[i];
            gradient[i] = (transformed(z) / sum * mass - example.labels()[i]) / (1 + Math.abs(z));
        }
    }
}
