package org.lowrank4j.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Trains the networks of this code with a low-rank method.
 *
 * <p>On a class, method or constructor it holds for every network that is initialised while that code is running: the
 * nearest annotated frame of the stack decides, its method before its class. On a field it holds for the network that
 * the field keeps. Every member is optional; a member that is left out takes its value from the next source (method
 * before class before default), and files, {@code LOWRANK_*} variables, {@code lowrank.*} properties and agent
 * arguments override it, key by key.
 *
 * <pre>{@code
 * @LowRank(rank = 8, layers = "dense.*", exclude = "dense3")
 * @LowRank.Layer(layers = "dense1", rank = 4)
 * public class Trainer { ... }
 * }</pre>
 *
 * <p>Layers are named by patterns: a layer's name, a regular expression that matches the whole name, an index ({@code
 * "3"}), an inclusive range ({@code "0..3"}, {@code "2.."}, {@code "..1"}) or a type ({@code "type:LSTM"} or
 * {@code "LSTM"}). Every pattern must match at least one layer of the network.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.FIELD})
public @interface LowRank {

    /**
     * Rank r of the adapters, 1 or more, cut to min(nIn, nOut) where a layer is smaller, with the scale of the rank in
     * force; 8 if no source sets it.
     */
    int rank() default Integer.MIN_VALUE;

    /** Numerator of the scale s, above 0; if no source sets it what the init, or else the update, is published with. */
    double alpha() default Double.NaN;

    /** {@code "standard"}: s = alpha / r (the default), or {@code "rslora"}: s = alpha / sqrt(r). */
    String scaling() default "";

    /** How the factors start, for example {@code "pissa"}; the update's published choice if no source sets it. */
    String init() default "";

    /** What stands in for dL/dW, for example {@code "galore"}; {@code "exact"} if no source sets it. */
    String gradient() default "";

    /** How a step changes W, for example {@code "lora"}; the gradient's published choice if no source sets it. */
    String update() default "";

    /**
     * Bits of each number of the factors, 1 to 8: they train in full precision, and W is made of what they are rounded to; 0
     * (the default) for factors in full precision. For updates whose factors only steps change.
     */
    int bits() default Integer.MIN_VALUE;

    /**
     * The updater of all that trains: {@code "stock"}, those that the network is configured with (the default), or for
     * example {@code "adabelief"}, at their learning rates and schedules.
     */
    String updater() default "";

    /**
     * The learning rate of all that trains, a finite number of at least 0, in the place of the configured one; a schedule
     * keeps its shape. Adapters often want a higher rate than full training. Not set by default.
     */
    double rate() default Double.NaN;

    /**
     * The average of all that trains which stands in its place between two calls of fit: {@code "none"} (the default), or
     * for example {@code "ema"}.
     */
    String average() default "";

    /**
     * The loss that output layers train with: {@code "stock"}, their own (the default), or for example {@code
     * "stablemax"}. In training only: outputs and the score of data stay those of the network's own loss. Either
     * score counts the regularisation of what is trained only.
     */
    String loss() default "";

    /**
     * What the replicas of a network exchange where ParallelWrapper trains it: {@code "factors"} (the default of its
     * averaging), {@code "exact"}, {@code "mean"}, {@code "powersgd"}, {@code "econtrol"}, {@code "flag"} or {@code "encoded"}
     * (the default of its shared gradients).
     */
    String exchange() default "";

    /**
     * How a network's weights are drawn where its {@code init()} draws them: {@code "stock"}, as it is configured (the
     * default), {@code "orthogonal"} or {@code "edge-of-chaos"}. Weights that are loaded, set or taken over stay as they are.
     */
    String weights() default "";

    /**
     * Patterns of the layers to adapt, or after a slash of matrices of theirs; if no source sets it all layers that have
     * matrices, except output layers, embeddings and depthwise convolutions, and except those that are still as the network
     * drew them, other than dense ones.
     */
    String[] layers() default {};

    /** Patterns of layers or matrices never to adapt, checked first; {@code "none"} to exclude nothing. */
    String[] exclude() default {};

    /**
     * Patterns of layers to train in full besides those that train by default: the output layers, unless they are adapted;
     * without {@link #layers()}, what is still as the network drew it and cannot be adapted, or could be and is new beside
     * pretrained layers; and with an update that moves the whole network every layer that cannot be adapted. {@code "auto"}
     * in front adds all that is still random, {@code "only:PATTERNS"} trains these in the place of the default, {@code
     * "none"} no layer.
     */
    String[] train() default {};

    /**
     * Which vectors (biases, gains) train beside frozen and adapted matrices: {@code "none"} (the default), {@code "all"} or
     * {@code "lora-only"} (those of the targets; the default of an update that moves the whole network).
     */
    String bias() default "";

    /** LoRA+: learning rate of B over that of A, 1 or more; 1 (off) if no source sets it. */
    double loraplus() default Double.NaN;

    /** Seed of the adapters; the network's own seed if no source sets it. */
    long seed() default Long.MIN_VALUE;

    /** Name of the network, for files and messages and to link it with {@code when: {id: ...}} of a rule file. */
    String id() default "";

    /** Options of methods, each {@code "method.option=value"}, for example {@code "galore.refresh=200"}. */
    String[] options() default {};

    /** False leaves the network alone: it trains as without lowrank4j. */
    boolean enabled() default true;

    /** Other settings for some of the targets; a target takes them before the settings of {@link LowRank}. */
    @Documented
    @Retention(RetentionPolicy.RUNTIME)
    @Target({ElementType.TYPE, ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.FIELD})
    @Repeatable(Layers.class)
    @interface Layer {

        /** Patterns of the targets that this is for, as in {@link LowRank#layers()}. */
        String[] layers();

        /** See {@link LowRank#rank()}. */
        int rank() default Integer.MIN_VALUE;

        /** See {@link LowRank#alpha()}. */
        double alpha() default Double.NaN;

        /** See {@link LowRank#scaling()}. */
        String scaling() default "";

        /** See {@link LowRank#init()}. */
        String init() default "";

        /** See {@link LowRank#gradient()}. */
        String gradient() default "";

        /** See {@link LowRank#update()}. */
        String update() default "";

        /** See {@link LowRank#bits()}. */
        int bits() default Integer.MIN_VALUE;

        /** See {@link LowRank#options()}. */
        String[] options() default {};
    }

    /** Container of repeated {@link Layer} annotations; the compiler writes it. */
    @Documented
    @Retention(RetentionPolicy.RUNTIME)
    @Target({ElementType.TYPE, ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.FIELD})
    @interface Layers {

        /** The repeated annotations in the order of the source. */
        Layer[] value();
    }
}
