package org.lowrank4j.reference;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.junit.jupiter.api.Assumptions;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.gradient.GaLore;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.LoraGa;
import org.lowrank4j.initialisation.Pissa;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.kind.Formed;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.Dora;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;

/**
 * The cases of one kind of layer: DL4J runs the layer's passes, and the methods get dL/dM as its backward pass has formed it,
 * which is what training does with a layer that it watches.
 */
abstract class LayerCases implements Reference {

    private final String folder;

    LayerCases(String folder) {
        this.folder = folder;
    }

    @Override
    public final String method() {
        return folder;
    }

    /** The layer of a case. */
    abstract Layer layer(ReferenceCase given);

    /** What goes into it, by its name in the case. */
    String input() {
        return "x";
    }

    /** By what DL4J multiplies all gradients of such a layer. */
    double gradientFactor() {
        return 1;
    }

    /** Entries that only this kind of layer has, after a backward pass at the merged weights. */
    void addOwn(OneLayer layer, Outcome outcome) {}

    @Override
    public final void compute(ReferenceCase given, DataType type, Outcome outcome) {
        Run run = new Run(given, type, outcome, new OneLayer(layer(given), input(), given, type));
        switch (given.text("low_rank_method")) {
            case "lora" -> lora(run);
            case "dora" -> dora(run);
            case "pissa" -> pissa(run);
            case "loraga" -> loraGa(run);
            case "galore" -> galore(run);
            default ->
                Assumptions.abort("skipped: not known for layers of this kind, " + given.text("low_rank_method"));
        }
    }

    private record Run(ReferenceCase given, DataType type, Outcome outcome, OneLayer layer) {

        /** The parameters whose matrices are adapted: those that the case names, else those that it has factors for. */
        List<String> targets() {
            if (given.hasTexts("targets")) {
                return given.texts("targets");
            }
            List<String> own = layer.matrices().keySet().stream()
                    .filter(parameter -> given.hasInput(parameter + "_A"))
                    .toList();
            return own.isEmpty() ? List.of(only()) : own;
        }

        /** The parameter of a case that has one pair of factors, or none. */
        String only() {
            List<String> all = given.hasTexts("targets")
                    ? given.texts("targets")
                    : List.copyOf(layer.matrices().keySet());
            if (all.size() != 1) {
                throw new AssertionError("the case does not say which of " + all + " it is about");
            }
            return all.get(0);
        }

        TargetWeight target(String parameter, Scaling scaling, Map<String, String> options) {
            int rank = given.whole("r");
            double alpha = given.hasNumber("alpha") ? given.number("alpha") : rank;
            double scale = scaling.scale(alpha, rank);
            outcome.put("s", scale);
            return Given.target(parameter, layer.matrix(parameter), rank, alpha, scale, 1, options);
        }

        Start start(TargetWeight target, Initialisation initialisation, INDArray gradient) {
            return Given.start(
                    target.weight(),
                    target.rank(),
                    target.alpha(),
                    target.scale(),
                    gradient,
                    new Random(1),
                    new OptionValues(initialisation, target.options()));
        }

        /** The gradients of an update's tensors, from what the backward pass has formed. */
        INDArray[] gradients(TargetUpdate update, TargetWeight target) {
            INDArray[] views = Targets.views(update, target.weight());
            update.gradient(new Formed(layer.gradientOfMatrix(target.layer())), views);
            return views;
        }

        Adam adam(double gradientFactor) {
            return new Adam(
                    given.number("lr"),
                    given.number("beta1"),
                    given.number("beta2"),
                    gradientFactor * given.number("eps"));
        }
    }

    /** A pair of factors; what belongs to it begins with its parameter where a case has several. */
    private record Pair(String prefix, TargetWeight target, TargetUpdate update) {

        static Pair of(Run run, String parameter) {
            String prefix = run.given().hasInput(parameter + "_A") ? parameter + "_" : "";
            TargetWeight target = run.target(parameter, Scaling.STANDARD, Map.of());
            TargetUpdate update = new Lora().attach(target);
            INDArray b = run.given().input(prefix + "B", run.type());
            update.start(new Factors(run.given().input(prefix + "A", run.type()), b.mul(0)));
            Targets.stepTo(update, target.weight(), b);
            return new Pair(prefix, target, update);
        }

        void putGradients(Run run) {
            INDArray[] gradients = run.gradients(update, target);
            run.outcome().put("d" + prefix + "A", gradients[0]);
            run.outcome().put("d" + prefix + "B", gradients[1]);
        }

        void step(Run run, Adam adam) {
            INDArray[] steps = run.gradients(update, target);
            for (INDArray step : steps) {
                Targets.adam(adam, step, Targets.adamState(step), 0);
            }
            update.step(steps);
            run.outcome().put(prefix + "A_1", Targets.value(update, 0));
            run.outcome().put(prefix + "B_1", Targets.value(update, 1));
            run.outcome().put(target.layer() + "_1", run.layer().parameter(target.layer()));
        }
    }

    private void lora(Run run) {
        List<Pair> pairs =
                run.targets().stream().map(parameter -> Pair.of(run, parameter)).toList();
        pass(run, run.targets());
        pairs.forEach(pair -> pair.putGradients(run));
        if (run.given().hasNumber("lr")) {
            // Adam is the same at any scale of the gradient, but for its epsilon.
            pairs.forEach(pair -> pair.step(run, run.adam(gradientFactor())));
        }
    }

    /** DL4J's passes with the merged weights. */
    private void pass(Run run, List<String> parameters) {
        OneLayer layer = run.layer();
        Outcome outcome = run.outcome();
        parameters.forEach(parameter -> outcome.put(parameter + "_merged", layer.parameter(parameter)));
        layer.pass(outcome);
        if (parameters.size() == 1) {
            outcome.put("dM_merged", layer.gradientOfMatrix(parameters.get(0)));
        }
        Stream.of("b", "fb", "bb")
                .filter(layer::has)
                .forEach(name -> outcome.put(
                        "d" + OneLayer.nameInCase(name),
                        layer.gradient(name).reshape(layer.gradient(name).length())));
        addOwn(layer, outcome);
    }

    private void dora(Run run) {
        TargetWeight target = run.target(run.only(), Scaling.STANDARD, Map.of());
        TargetUpdate update = new Dora().attach(target);
        INDArray b = run.given().input("B", run.type());
        update.start(new Factors(run.given().input("A", run.type()), b.mul(0)));
        INDArray initial = Targets.value(update, 2);
        run.outcome().put("magnitude_initial", initial.dup().reshape(initial.length()));
        Targets.stepTo(update, target.weight(), b, run.given().input("magnitude", run.type()));
        pass(run, List.of(target.layer()));
        INDArray[] gradients = run.gradients(update, target);
        run.outcome().put("dA", gradients[0]);
        run.outcome().put("dB", gradients[1]);
        run.outcome().put("dmagnitude", gradients[2].reshape(gradients[2].length()));
    }

    private void pissa(Run run) {
        TargetWeight target = run.target(run.only(), Scaling.STANDARD, Map.of());
        run.outcome().put("singular_values", ThinSvd.of(target.weight()).singularValues());
        splits(run, target, new Pissa().start(run.start(target, new Pissa(), null)));
    }

    private void loraGa(Run run) {
        Map<String, String> options = Map.of(
                "lora-ga.gamma", Double.toString(run.given().number("gamma")),
                "lora-ga.direction", run.given().text("direction"),
                "lora-ga.scale", "stable");
        TargetWeight target = run.target(run.only(), Scaling.RSLORA, options);
        run.layer().pass(new Outcome());
        INDArray gradient = run.layer().gradientOfMatrix(target.layer()).dup();
        Start start = run.start(target, new LoraGa(), gradient);
        run.outcome().put("G", gradient);
        run.outcome().put("c", LoraGa.factor(start));
        // Each vector of A and of B may point either way, and the base follows.
        Factors factors = new LoraGa().start(start);
        INDArray a = run.given().withSignsOfFile("A", factors.a(), false);
        INDArray b = run.given().withSignsOfFile("B", factors.b(), true);
        run.outcome().put("AAt", a.mmul(a.transpose()));
        run.outcome().put("BtB", b.transpose().mmul(b));
        splits(run, target, new Factors(a, b));
    }

    /** A start that takes s A B out of the base, so that the layer is as it was. */
    private static void splits(Run run, TargetWeight target, Factors factors) {
        new Lora().attach(target).start(factors);
        run.layer().pass(run.outcome());
        WeightSplits.report(target.weight(), target.scale(), factors, run.outcome());
        INDArray product = factors.a().mmul(factors.b()).castTo(run.type());
        target.weight().subi(product.muli(target.scale()));
        run.outcome().put(target.layer() + "_base", run.layer().parameter(target.layer()));
    }

    private static void galore(Run run) {
        Map<String, String> options = Map.of(
                "galore.refresh", Integer.toString(run.given().whole("update_proj_gap")),
                "galore.scale", Double.toString(run.given().number("kappa")));
        TargetWeight target = run.target(run.only(), Scaling.STANDARD, options);
        TargetUpdate update = new GaLore().approximate(new FullWeight().attach(target), target);
        INDArray state = Targets.adamState(Targets.views(update, target.weight())[0]);
        run.outcome().put("side", GaloreReference.side(update, target));
        for (int t = 0; t < 2; t++) {
            run.layer().pass(new Outcome());
            run.outcome().put("G_" + t, run.layer().gradientOfMatrix(target.layer()));
            INDArray[] steps = run.gradients(update, target);
            INDArray projector = update.kept().state().get("projector");
            run.outcome().put("subspace", projector.mmul(projector.transpose()));
            Targets.adam(run.adam(1), steps[0], state, t);
            update.step(steps);
            run.outcome().put(target.layer() + "_" + (t + 1), run.layer().parameter(target.layer()));
        }
    }
}
