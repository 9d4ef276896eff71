package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.fisher.GradientWindow;
import org.lowrank4j.fisher.MfacDirection;
import org.lowrank4j.fisher.StaticInverseFisher;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** M-FAC: products with the inverse Fisher matrix of fixed gradients and of a window, and the optimizer. */
public final class MfacReference implements Reference {

    @Override
    public String method() {
        return "mfac";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.expects("theta_steps")) {
            optimizer(given, type, outcome);
        } else if (given.expects("window")) {
            window(given, type, outcome);
        } else {
            fixed(given, type, outcome);
        }
    }

    private static void fixed(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray gradients = given.input("G", type);
        long block = given.hasNumber("block") ? given.whole("block") : gradients.size(1);
        StaticInverseFisher inverse = new StaticInverseFisher(gradients, given.number("damp"), block);
        outcome.put("ihvp", inverse.multiply(given.input("x", type)));
        outcome.put("diag_inverse", inverse.diagonal());
        INDArray unit = Nd4j.eye(gradients.size(1));
        List<INDArray> rows = new ArrayList<>();
        for (int i = 0; i < unit.size(0); i++) {
            rows.add(inverse.multiply(unit.getRow(i)));
        }
        outcome.put("dense_inverse", Nd4j.stack(0, rows.toArray(INDArray[]::new)));
        outcome.notProduced("h", "kept inside; the products and the diagonal are made of it");
        outcome.notProduced("w", "kept inside; the products and the diagonal are made of it");
    }

    private static void window(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray gradients = given.input("G", type);
        int size = given.whole("m");
        GradientWindow window = published(given, type, size, gradients.size(1));
        INDArray x = given.input("x", type);
        List<INDArray> products = new ArrayList<>();
        List<INDArray> ofNewest = new ArrayList<>();
        for (int t = 0; t < gradients.size(0); t++) {
            window.insert(gradients.getRow(t));
            products.add(window.multiply(x));
            ofNewest.add(window.multiplyNewest());
        }
        outcome.put("ihvp", Nd4j.stack(0, products.toArray(INDArray[]::new)));
        outcome.put("ihvp_of_newest", Nd4j.stack(0, ofNewest.toArray(INDArray[]::new)));
        INDArray factor = window.factor();
        outcome.put("D", factor.sub(Nd4j.eye(size).castTo(DataType.DOUBLE).muli(size)));
        outcome.put("denom", Nd4j.diag(factor));
        outcome.put("window", window.state().get("window"));
        outcome.put("gram", window.state().get("products"));
        outcome.notProduced("B", "products solve with the triangular factor instead of its published inverse");
    }

    private static void optimizer(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray gradients = given.input("G", type);
        INDArray theta = given.input("theta", type).dup();
        MfacDirection mfac = new MfacDirection(
                published(given, type, given.whole("m"), theta.length()), theta.length(), given.number("momentum"));
        List<INDArray> steps = new ArrayList<>();
        for (int t = 0; t < gradients.size(0); t++) {
            INDArray gradient = gradients.getRow(t).add(theta.mul(given.number("weight_decay")));
            mfac.replace(gradient);
            theta.subi(gradient.mul(given.number("lr")));
            steps.add(theta.dup());
        }
        outcome.put("theta_steps", Nd4j.stack(0, steps.toArray(INDArray[]::new)));
    }

    private static GradientWindow published(ReferenceCase given, DataType type, int size, long entries) {
        return new GradientWindow(size, entries, type, given.number("damp"), GradientWindow.Filling.WHOLE_WINDOW);
    }
}
