package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Evaluates one equation of a reference case, such as {@code W_base + s * (A @ B) == W} or {@code rank(D) <= r}. The
 * notation is that of array languages: {@code @} is the matrix product, {@code .T} the transpose, {@code X[i, :k]} a part.
 */
final class Invariant {

    private static final Pattern TOLERANCE = Pattern.compile("\\s*\\[tol ([^]]+)]\\s*$");
    private static final Pattern TOKEN = Pattern.compile(
            "\\s*(\\d+\\.?\\d*(?:[eE][-+]?\\d+)?|[A-Za-z_]\\w*|\\*\\*|//|==|!=|<=|>=|[-+*/@()\\[\\],:.<>])");
    private static final double DEFAULT_TOLERANCE = 1e-8;

    /** What is so small beside a case's zero scale is 0 up to rounding. */
    private static final double ROUNDING = 1e-10;

    private static final Values NONE = new Values(new int[] {0}, new double[0]);

    private final Map<String, Values> names;
    private final List<String> tokens = new ArrayList<>();
    private int next;

    private Invariant(String text, Map<String, Values> names) {
        this.names = names;
        Matcher matcher = TOKEN.matcher(text);
        int end = 0;
        while (matcher.find(end) && matcher.start() == end) {
            tokens.add(matcher.group(1));
            end = matcher.end();
        }
        if (!text.substring(end).isBlank()) {
            throw new IllegalArgumentException("cannot read \"" + text.substring(end) + "\" of \"" + text + "\"");
        }
    }

    /**
     * Checks an equation between exact numbers.
     *
     * @return why it does not hold, or nothing
     * @throws IllegalArgumentException if it cannot be evaluated
     */
    static Optional<String> check(String text, Map<String, Values> names) {
        return check(text, names, names, 0);
    }

    /**
     * As above.
     *
     * @param recorded the numbers of the file, in the place of those that were computed
     * @param zeroScale the scale of errors where a side is exactly 0, or both are 0 up to rounding with the numbers of the
     *     file: what is computed in their place is rounding, too
     */
    static Optional<String> check(
            String text, Map<String, Values> names, Map<String, Values> recorded, double zeroScale) {
        Matcher written = TOLERANCE.matcher(text);
        boolean own = written.find();
        double tolerance = own ? Double.parseDouble(written.group(1)) : DEFAULT_TOLERANCE;
        String equation = own ? text.substring(0, written.start()) : text;
        try {
            Sides sides = new Invariant(equation, names).sides();
            Sides ofFile = new Invariant(equation, recorded).sides();
            boolean zero = sides.oneIsZero() || ofFile.oneIsZero() || ofFile.scale() <= ROUNDING * zeroScale;
            double allowed = tolerance * (zero ? Math.max(sides.scale(), zeroScale) : sides.scale());
            double excess = sides.excess();
            return excess <= allowed
                    ? Optional.empty()
                    : Optional.of("it is missed by " + excess + ", allowed " + allowed);
        } catch (RuntimeException wrong) {
            throw new IllegalArgumentException("cannot evaluate \"" + text + "\"", wrong);
        }
    }

    private Sides sides() {
        Values left = sum();
        String relation = take();
        Values right = sum();
        if (next != tokens.size()) {
            throw new IllegalArgumentException("nothing may follow");
        }
        return new Sides(left, relation, right);
    }

    private record Sides(Values left, String relation, Values right) {

        double scale() {
            return Math.max(left.largest(), right.largest());
        }

        boolean oneIsZero() {
            return left.largest() == 0 || right.largest() == 0;
        }

        /** By how much the relation does not hold where it holds least; NaN if a number is missing. */
        double excess() {
            DoubleBinaryOperator excess = switch (relation) {
                case "==" -> (a, b) -> Math.abs(a - b);
                case "<=" -> (a, b) -> a - b;
                case ">=" -> (a, b) -> b - a;
                default -> throw new IllegalArgumentException("unknown relation " + relation);
            };
            return Arrays.stream(Arithmetic.combine(left, right, excess).data())
                    .reduce(Double.NEGATIVE_INFINITY, Math::max);
        }
    }

    private Values comparison() {
        Values left = sum();
        if (accept("!=")) {
            return Arithmetic.combine(left, sum(), (a, b) -> a != b ? 1 : 0);
        }
        return left;
    }

    private Values sum() {
        Values value = product();
        while (true) {
            if (accept("+")) {
                value = Arithmetic.combine(value, product(), Double::sum);
            } else if (accept("-")) {
                value = Arithmetic.combine(value, product(), (a, b) -> a - b);
            } else {
                return value;
            }
        }
    }

    private Values product() {
        Values value = signed();
        while (true) {
            if (accept("*")) {
                value = Arithmetic.combine(value, signed(), (a, b) -> a * b);
            } else if (accept("//")) {
                value = Arithmetic.combine(value, signed(), (a, b) -> Math.floor(a / b));
            } else if (accept("/")) {
                value = Arithmetic.combine(value, signed(), (a, b) -> a / b);
            } else if (accept("@")) {
                value = Arithmetic.multiply(value, signed());
            } else {
                return value;
            }
        }
    }

    private Values signed() {
        return accept("-") ? Arithmetic.map(signed(), a -> -a) : power();
    }

    private Values power() {
        Values base = postfix();
        return accept("**") ? Arithmetic.combine(base, signed(), Math::pow) : base;
    }

    private Values postfix() {
        Values value = atom();
        while (true) {
            if (accept("[")) {
                value = part(value);
            } else if (accept(".")) {
                value = member(value, take());
            } else {
                return value;
            }
        }
    }

    private Values atom() {
        String token = take();
        if (token.equals("(")) {
            List<Values> values = listUntil(")");
            return values.size() == 1 ? values.get(0) : stacked(values);
        }
        if (token.equals("[")) {
            return stacked(listUntil("]"));
        }
        if (Character.isDigit(token.charAt(0))) {
            return Values.scalar(Double.parseDouble(token));
        }
        if (accept("(")) {
            return call(token, listUntil(")"));
        }
        Values value = token.equals("None") ? NONE : names.get(token);
        if (value == null) {
            throw new IllegalArgumentException("there is no " + token);
        }
        return value;
    }

    private List<Values> listUntil(String end) {
        List<Values> values = new ArrayList<>();
        while (!accept(end)) {
            // A spread array: functions that take several numbers take arrays of them, too.
            accept("*");
            values.add(comparison());
            if (!accept(",") && !peek().equals(end)) {
                throw new IllegalArgumentException("expected , or " + end + " and found " + peek());
            }
        }
        return values;
    }

    private static Values stacked(List<Values> values) {
        return new Values(
                new int[] {values.size()},
                values.stream().mapToDouble(Values::scalar).toArray());
    }

    private Values member(Values value, String name) {
        return switch (name) {
            case "T" -> Arithmetic.transpose(value);
            case "shape" ->
                new Values(
                        new int[] {value.shape().length},
                        Arrays.stream(value.shape()).asDoubleStream().toArray());
            default -> {
                if (!accept("(")) {
                    throw new IllegalArgumentException("unknown member " + name);
                }
                List<Values> arguments = listUntil(")");
                yield call(
                        name,
                        Stream.concat(Stream.of(value), arguments.stream()).toList());
            }
        };
    }

    private static Values call(String function, List<Values> arguments) {
        Values first = arguments.get(0);
        return switch (function) {
            case "norm" -> Values.scalar(Arithmetic.norm(first));
            case "maxabs" -> Values.scalar(first.largest());
            case "max" -> Values.scalar(Arrays.stream(first.data()).max().orElseThrow());
            case "min" -> Values.scalar(Arrays.stream(first.data()).min().orElseThrow());
            case "len" -> Values.scalar(first.size(0));
            case "abs" -> Arithmetic.map(first, Math::abs);
            case "sqrt" -> Arithmetic.map(first, Math::sqrt);
            case "log" -> Arithmetic.map(first, Math::log);
            case "exp" -> Arithmetic.map(first, Math::exp);
            case "sign" -> Arithmetic.map(first, Math::signum);
            case "sum" ->
                arguments.size() == 1 ? Values.scalar(Arithmetic.sum(first)) : sumOver(first, wholes(arguments.get(1)));
            case "mean" -> {
                if (arguments.size() == 1) {
                    yield Values.scalar(Arithmetic.sum(first) / first.data().length);
                }
                int axis = whole(arguments.get(1));
                yield Arithmetic.map(Arithmetic.sum(first, axis), a -> a / first.size(axis));
            }
            case "dot" -> Values.scalar(Arithmetic.sum(Arithmetic.combine(first, arguments.get(1), (a, b) -> a * b)));
            case "cos" -> {
                Values second = arguments.get(1);
                double product = Arithmetic.sum(Arithmetic.combine(first, second, (a, b) -> a * b));
                yield Values.scalar(product / Arithmetic.norm(first) / Arithmetic.norm(second));
            }
            case "colnorm" -> Arithmetic.map(Arithmetic.sum(Arithmetic.map(first, a -> a * a), 0), Math::sqrt);
            case "rownorm" -> Arithmetic.map(Arithmetic.sum(Arithmetic.map(first, a -> a * a), 1), Math::sqrt);
            case "ones" -> Arithmetic.filled(wholes(first), 1);
            case "zeros" -> Arithmetic.filled(wholes(first), 0);
            case "eye" -> Arithmetic.identity(whole(first));
            case "diag" -> Arithmetic.diagonal(first);
            case "inv" -> Arithmetic.inverse(first);
            case "trunc" -> Arithmetic.truncated(first, whole(arguments.get(1)));
            case "proj" -> Arithmetic.projector(first);
            case "svdvals" -> Arithmetic.singularValues(first);
            case "rank" -> Values.scalar(Arithmetic.rank(first));
            case "softmax" -> Arithmetic.softmax(first);
            case "conv2d" ->
                Arithmetic.convolution(
                        first,
                        arguments.get(1),
                        arguments.get(2),
                        arguments.size() > 3 ? sides(arguments.get(3)) : new int[] {1, 1},
                        arguments.size() > 4 ? sides(arguments.get(4)) : new int[] {0, 0});
            case "transpose" -> Arithmetic.transpose(first, wholes(arguments.get(1)));
            case "reshape" ->
                Arithmetic.reshape(
                        first,
                        arguments.stream()
                                .skip(1)
                                .flatMapToInt(sides -> IntStream.of(wholes(sides)))
                                .toArray());
            case "concat" -> {
                double[] joined = arguments.stream()
                        .flatMapToDouble(a -> Arrays.stream(a.data()))
                        .toArray();
                yield new Values(new int[] {joined.length}, joined);
            }
            default -> throw new IllegalArgumentException("unknown function " + function);
        };
    }

    /** The sum over one axis or several. */
    private static Values sumOver(Values value, int[] axes) {
        Values sum = value;
        int[] ascending = Arrays.stream(axes).sorted().toArray();
        for (int i = ascending.length - 1; i >= 0; i--) {
            sum = Arithmetic.sum(sum, ascending[i]);
        }
        return sum;
    }

    /** The part in brackets: a position, a range, or an array of positions for each leading axis. */
    private Values part(Values value) {
        Values part = value;
        int axis = 0;
        while (!accept("]")) {
            int size = part.size(axis);
            Values index = peek().equals(":") ? null : sum();
            if (index == null || peek().equals(":")) {
                part = Arithmetic.take(part, axis++, range(index, size));
            } else if (index.shape().length == 0) {
                part = Arithmetic.drop(Arithmetic.take(part, axis, new int[] {fromTheStart(whole(index), size)}), axis);
            } else {
                part = Arithmetic.take(part, axis++, wholes(index));
                if (part.shape().length == 1) {
                    part = Arithmetic.reshape(part, index.shape());
                }
            }
            accept(",");
        }
        return part;
    }

    /** The rest of start:stop:step. */
    private int[] range(Values start, int size) {
        take();
        Values stop = Stream.of(":", ",", "]").anyMatch(peek()::equals) ? null : sum();
        int step = 1;
        if (accept(":") && !peek().equals("]") && !peek().equals(",")) {
            step = whole(sum());
        }
        int first = start == null ? (step > 0 ? 0 : size - 1) : fromTheStart(whole(start), size);
        int last = stop == null ? (step > 0 ? size : -1) : Math.min(size, fromTheStart(whole(stop), size));
        int by = step;
        return IntStream.iterate(first, i -> by > 0 ? i < last : i > last, i -> i + by)
                .toArray();
    }

    private static int fromTheStart(int position, int size) {
        return position < 0 ? position + size : position;
    }

    private static int whole(Values value) {
        return Math.toIntExact(Math.round(value.scalar()));
    }

    /** Of a picture; one number is for both. */
    private static int[] sides(Values value) {
        int[] sides = wholes(value);
        return sides.length == 1 ? new int[] {sides[0], sides[0]} : sides;
    }

    private static int[] wholes(Values value) {
        return Arrays.stream(value.data())
                .mapToInt(x -> Math.toIntExact(Math.round(x)))
                .toArray();
    }

    private String peek() {
        return next < tokens.size() ? tokens.get(next) : "";
    }

    private String take() {
        String token = peek();
        next++;
        return token;
    }

    private boolean accept(String token) {
        if (peek().equals(token)) {
            next++;
            return true;
        }
        return false;
    }
}
