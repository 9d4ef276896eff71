package org.lowrank4j.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.BaseCompatOp;

/**
 * A SameDiff graph as rules see it: what is a layer of a network is a weight of a graph, with the bias that is added to its
 * product. Its name is the variable's, its type the operation's. Every other variable is a layer of its own, without a matrix.
 */
final class GraphShape {

    /** As {@code kind:} of a rule file names it. */
    static final String KIND = "SameDiff";

    private static final Set<String> ADDITIONS = Set.of("add", "biasadd");

    private final SameDiff graph;
    private final List<String> order;
    private final Map<String, GraphWeight> weights = new LinkedHashMap<>();
    private final List<LayerShape> layers = new ArrayList<>();

    private GraphShape(SameDiff graph) {
        this.graph = graph;
        this.order = List.copyOf(graph.getOps().keySet());
    }

    static GraphShape of(SameDiff graph) {
        GraphShape shape = new GraphShape(graph);
        shape.collect();
        return shape;
    }

    /** For planning. */
    NetworkShape network() {
        return new NetworkShape(KIND, List.copyOf(layers));
    }

    /** The weight of a layer with a matrix. */
    GraphWeight weight(String name) {
        return Objects.requireNonNull(weights.get(name), name);
    }

    private void collect() {
        Map<String, Use> uses = new LinkedHashMap<>();
        List<Variable> variables = inOrderOfUse();
        for (Variable variable : variables) {
            use(variable).ifPresent(use -> uses.put(variable.getName(), use));
        }
        Map<String, List<String>> biases = new LinkedHashMap<>();
        Set<String> taken = new HashSet<>();
        uses.forEach((name, use) -> {
            List<String> bias = bias(use).filter(taken::add).map(List::of).orElse(List.of());
            biases.put(name, bias);
        });
        Set<String> heads = heads(uses);
        String looped = controlFlow();
        for (Variable variable : variables) {
            String name = variable.getName();
            Use use = uses.get(name);
            if (use != null) {
                List<String> vectors = biases.getOrDefault(name, List.of());
                layers.add(weightLayer(use, vectors, heads.contains(name), looped));
            } else if (isTrainable(variable) && !taken.contains(name)) {
                layers.add(vectorLayer(variable));
            }
        }
    }

    /** SameDiff itself keeps them in the order of their names. */
    private List<Variable> inOrderOfUse() {
        Set<String> names = new LinkedHashSet<>();
        for (SameDiffOp operation : graph.getOps().values()) {
            if (operation.getInputsToOp() != null) {
                names.addAll(operation.getInputsToOp());
            }
        }
        graph.variables().forEach(variable -> names.add(variable.name()));
        return names.stream().map(graph.getVariables()::get).toList();
    }

    /**
     * A weight and its first use.
     *
     * @param array its values
     * @param operation that uses it first
     * @param only whether no other does
     */
    private record Use(
            Variable variable, INDArray array, SameDiffOp operation, WeightPosition position, boolean only) {}

    private Optional<Use> use(Variable variable) {
        VariableType type = variable.getVariable().getVariableType();
        boolean stored = type == VariableType.VARIABLE || type == VariableType.CONSTANT;
        List<String> consumers = variable.getInputsForOp();
        if (!stored || consumers == null || !variable.getVariable().dataType().isFPType()) {
            return Optional.empty();
        }
        INDArray array = variable.getVariable().getArr();
        if (array == null || array.rank() < 2) {
            return Optional.empty();
        }
        for (String consumer : consumers) {
            SameDiffOp operation = graph.getOps().get(consumer);
            if (operation == null) {
                continue;
            }
            Optional<WeightPosition> position = WeightPosition.of(operation, variable.getName());
            if (position.isPresent()) {
                return Optional.of(new Use(variable, array, operation, position.get(), consumers.size() == 1));
            }
        }
        return Optional.empty();
    }

    private LayerShape weightLayer(Use use, List<String> vectors, boolean head, @Nullable String looped) {
        String name = use.variable().getName();
        SameDiffOp operation = use.operation();
        GraphWeight weight = new GraphWeight(
                name,
                use.position().isTransposed(operation),
                use.only() && use.position().isPlainProduct(operation) ? operation.getName() : "");
        weights.put(name, weight);
        long columns = use.array().size(use.array().rank() - 1);
        long rows = use.array().length() / columns;
        MatrixShape matrix = new MatrixShape(
                name,
                MatrixShape.WEIGHT,
                weight.transposed() ? columns : rows,
                weight.transposed() ? rows : columns,
                false,
                null,
                List.of());
        Map<String, Long> parameters = new LinkedHashMap<>();
        parameters.put(MatrixShape.WEIGHT, use.array().length());
        vectors.forEach(vector ->
                parameters.put(vector, graph.getVariable(vector).getArr().length()));
        boolean constant = use.variable().getVariable().getVariableType() == VariableType.CONSTANT;
        String refusal = refusal(use, looped);
        boolean named = constant || use.position().onlyIfNamed();
        return new LayerShape(
                layers.size(),
                name,
                operation.getOp().opName(),
                refusal == null ? List.of(matrix) : List.of(),
                parameters,
                head && !constant,
                named ? DefaultTarget.NEVER : DefaultTarget.ALWAYS,
                false,
                vectors,
                List.of(),
                refusal,
                null);
    }

    private static @Nullable String refusal(Use use, @Nullable String looped) {
        DataType type = use.array().dataType();
        if (type != DataType.FLOAT && type != DataType.DOUBLE) {
            return "its data type is " + type + ", and only FLOAT and DOUBLE are supported";
        } else if (looped != null) {
            return "the graph has a loop or a branch (" + looped
                    + "), whose operations may run more than once in a step";
        } else if (use.array().isView()
                || use.array().ordering() != 'c' && use.array().rank() > 2) {
            return "its array is a view, or lies in column order";
        }
        return use.position().refusal(use.operation()).orElse(null);
    }

    private LayerShape vectorLayer(Variable variable) {
        INDArray array = variable.getVariable().getArr();
        List<String> consumers = variable.getInputsForOp();
        SameDiffOp first =
                consumers == null || consumers.isEmpty() ? null : graph.getOps().get(consumers.get(0));
        String name = variable.getName();
        return new LayerShape(
                layers.size(),
                name,
                first == null ? "unused" : first.getOp().opName(),
                List.of(),
                Map.of(name, array == null ? 0 : array.length()),
                false,
                DefaultTarget.NEVER,
                false,
                List.of(name),
                List.of(),
                "it is at no weight position of an operation that lowrank4j knows",
                null);
    }

    private static boolean isTrainable(Variable variable) {
        SDVariable it = variable.getVariable();
        return it.getVariableType() == VariableType.VARIABLE && it.dataType().isFPType();
    }

    /** The vector that is added to what a weight's operation makes, be it within it, after it or after a reshape of it. */
    private Optional<String> bias(Use use) {
        List<String> inputs = use.operation().getInputsToOp();
        Optional<String> within = inputs.size() < 3
                ? Optional.empty()
                : Optional.of(inputs.get(2)).filter(this::isVector);
        if (within.isPresent() || inputs.size() > 3) {
            return within;
        }
        List<SameDiffOp> next = consumers(use.operation());
        if (next.size() == 1 && next.get(0).getOp().opName().equals("reshape")) {
            next = consumers(next.get(0));
        }
        return next.stream()
                .filter(operation -> ADDITIONS.contains(operation.getOp().opName()))
                .flatMap(operation -> operation.getInputsToOp().stream())
                .filter(this::isVector)
                .findFirst();
    }

    private boolean isVector(String name) {
        Variable variable = graph.getVariables().get(name);
        if (variable == null || !isTrainable(variable)) {
            return false;
        }
        INDArray array = variable.getVariable().getArr();
        return array != null && array.length() == array.size(array.rank() - 1) && array.rank() > 0;
    }

    private List<SameDiffOp> consumers(SameDiffOp operation) {
        List<SameDiffOp> all = new ArrayList<>();
        for (String output : operation.getOutputsOfOp()) {
            Variable made = graph.getVariables().get(output);
            List<String> names = made == null ? null : made.getInputsForOp();
            if (names != null) {
                names.stream().map(graph.getOps()::get).filter(Objects::nonNull).forEach(all::add);
            }
        }
        return all;
    }

    /** For each loss the weight whose operation is the last one on the way to it. */
    private Set<String> heads(Map<String, Use> uses) {
        Set<String> heads = new LinkedHashSet<>();
        for (String loss : losses()) {
            Set<String> before = before(loss);
            uses.values().stream()
                    .filter(use -> before.contains(use.operation().getName()))
                    .max((one, other) -> Integer.compare(place(one), place(other)))
                    .ifPresent(last -> heads.add(last.variable().getName()));
        }
        return heads;
    }

    private int place(Use use) {
        return order.indexOf(use.operation().getName());
    }

    private Collection<String> losses() {
        if (!graph.getLossVariables().isEmpty()) {
            return graph.getLossVariables();
        }
        boolean named = graph.getTrainingConfig() != null
                && graph.getTrainingConfig().getLossVariables() != null
                && !graph.getTrainingConfig().getLossVariables().isEmpty();
        return named ? graph.getTrainingConfig().getLossVariables() : graph.outputs();
    }

    /** The operations that a variable is made of. */
    private Set<String> before(String variable) {
        Set<String> operations = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(List.of(variable));
        while (!open.isEmpty()) {
            Variable next = graph.getVariables().get(open.remove());
            String maker = next == null ? null : next.getOutputOfOp();
            SameDiffOp operation = maker == null || !operations.add(maker)
                    ? null
                    : graph.getOps().get(maker);
            if (operation != null && operation.getInputsToOp() != null) {
                open.addAll(operation.getInputsToOp());
            }
        }
        return operations;
    }

    /** The name of an operation that may make others run more than once or not at all; null if there is none. */
    private @Nullable String controlFlow() {
        return graph.getOps().values().stream()
                .filter(operation -> operation.getOp() instanceof BaseCompatOp)
                .map(SameDiffOp::getName)
                .findFirst()
                .orElse(null);
    }
}
