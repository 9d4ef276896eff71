package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.Combining;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "combine",
        sortOptions = false,
        header = "Makes one adapter of several on one base.",
        description = "Weighted, by one of six methods, with the error against the exact weighted sum.",
        footer = {
            "",
            "Methods, with weights w and changes s A B:",
            "  concat  the exact weighted sum; its rank is the sum of the ranks",
            "  svd     the closest adapter of --rank R to that sum",
            "  linear  PEFT's sum of factors at one rank: has cross terms, is not the weighted sum",
            "  ties    TIES (arXiv 2306.01708); on the factors, or with --rank R on the changes",
            "  dare    DARE (arXiv 2311.03099); on the factors, or with --rank R on the changes",
            "  slerp   WARP's spherical interpolation (arXiv 2406.16768): as long as the changes are, where",
            "          their mean is shorter; weights are shares, 1/n each if absent, and their sum is how far",
            "          the result is from the base; --rank R for the closest of a rank",
            "Exit status: 0 written, 1 refused (different bases, different ranks, DoRA), 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar combine --project . --method svd --rank 8 --weights 0.7,0.3 a/ b/ -o ab/"
        })
final class CombineVerb extends Verb {

    /** How adapters become one. */
    enum Method {
        CONCAT,
        SVD,
        LINEAR,
        TIES,
        DARE,
        SLERP
    }

    @Parameters(
            arity = "1..*",
            paramLabel = "ADAPTER",
            description = "Directories in PEFT's layout, or with --base trained model zips.")
    private List<Path> adapters = List.of();

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            description = "concat (the default), svd, linear, ties, dare or slerp.")
    private Method method = Method.CONCAT;

    @Option(
            names = "--weights",
            paramLabel = "W",
            split = ",",
            description = "One number per adapter, in their order; if absent, all 1, for slerp 1/n.")
    private List<Double> weights = List.of();

    @Option(names = "--rank", paramLabel = "R", description = "The rank of the result, for svd, ties, dare and slerp.")
    private @Nullable Integer rank;

    @Option(
            names = "--density",
            paramLabel = "D",
            description =
                    "The part of the entries that ties and dare keep: above 0, at most 1. 0.2 (published for TIES) if"
                            + " absent.")
    private @Nullable Double density;

    @Option(names = "--seed", paramLabel = "N", description = "Which entries dare drops; 0 if absent.")
    private @Nullable Long seed;

    @Option(
            names = "--without-parameters",
            description = "Leave out what was trained in full (output layers, biases), which cannot be added up.")
    private boolean withoutParameters;

    @Option(
            names = {"-b", "--base"},
            paramLabel = "BASE",
            description = "The model zip that all were trained from; for zips.")
    private @Nullable Path base;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    CombineVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        adapters.forEach(InputFiles::checkExists);
        InputFiles.checkBase(base);
        if (!weights.isEmpty() && weights.size() != adapters.size()) {
            throw new WrongUse("Adapters: " + adapters.size() + ", weights: " + weights.size()
                    + ". Give one weight for each adapter.");
        }
        boolean sparse = method == Method.TIES || method == Method.DARE;
        if (method == Method.SVD && rank == null) {
            throw new WrongUse("The method svd needs --rank.");
        }
        for (double weight : weights) {
            if (!Double.isFinite(weight)) {
                throw new WrongUse("--weights must be finite numbers, and one is " + weight + ".");
            }
        }
        if (rank != null && rank < 1) {
            throw new WrongUse("--rank must be 1 or more, and it is " + rank + ".");
        }
        if (density != null && !(density > 0 && density <= 1)) {
            throw new WrongUse("--density must be above 0 and at most 1, and it is " + density + ".");
        }
        if (method == Method.SLERP
                && !weights.isEmpty()
                && (weights.stream().anyMatch(weight -> weight < 0)
                        || weights.stream().allMatch(weight -> weight == 0))) {
            throw new WrongUse("--weights of slerp are shares, at least 0 and not all 0: " + weights + ".");
        }
        refuse("--rank", rank != null && method != Method.SVD && method != Method.SLERP && !sparse);
        refuse("--density", density != null && !sparse);
        refuse("--seed", seed != null && method != Method.DARE);
        if (base == null && adapters.stream().anyMatch(adapter -> InputFiles.peftDirectory(adapter) == null)) {
            throw new WrongUse(InputFiles.NEEDS_BASE);
        }
        output.checkDirectory();
    }

    private void refuse(String option, boolean given) {
        if (given) {
            throw new WrongUse(
                    option + " means nothing for the method " + method.name().toLowerCase(Locale.ROOT) + ".");
        }
    }

    @Override
    Result work(Progress progress) throws IOException {
        double each = method == Method.SLERP ? 1.0 / adapters.size() : 1;
        List<Double> given = weights.isEmpty() ? Collections.nCopies(adapters.size(), each) : weights;
        double kept = density == null ? 0.2 : density;
        Combining combining = new Combining(adapters, given, base, withoutParameters, progress);
        return switch (method) {
            case CONCAT -> combining.concat(output.path());
            case SVD -> combining.svd(rank == null ? 1 : rank, output.path());
            case LINEAR -> combining.linear(output.path());
            case TIES -> combining.ties(kept, rank, output.path());
            case SLERP -> combining.slerp(rank, output.path());
            case DARE -> combining.dare(kept, seed == null ? 0 : seed, rank, output.path());
        };
    }
}
