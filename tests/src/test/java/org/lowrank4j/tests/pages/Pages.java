package org.lowrank4j.tests.pages;

import java.io.IOException;
import org.lowrank4j.tests.bench.Benchmarks;
import org.lowrank4j.tests.bench.MethodMemory;
import org.lowrank4j.tests.pages.byzantine.Byzantine;
import org.lowrank4j.tests.pages.merging.Merging;
import org.lowrank4j.tests.pages.published.Compressed;
import org.lowrank4j.tests.pages.published.FromScratch;
import org.lowrank4j.tests.pages.published.Gradients;
import org.lowrank4j.tests.pages.published.IntrinsicDimension;
import org.lowrank4j.tests.pages.published.RandomBody;
import org.lowrank4j.tests.pages.published.Shrinking;
import org.lowrank4j.tests.pages.published.ShrinkingConvolutions;
import org.lowrank4j.tests.pages.rates.Rates;
import org.lowrank4j.tests.pages.site.Site;
import org.lowrank4j.tests.pages.starts.Starts;
import org.lowrank4j.tests.pages.tables.Tables;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a page of the site: a command per page. */
@Command(
        name = "pages",
        mixinStandardHelpOptions = true,
        subcommands = {DigitsPicture.class, Starts.class, Merging.class, Benchmarks.class, MethodMemory.class},
        synopsisSubcommandLabel = "PAGE")
public final class Pages {

    private Pages() {}

    public static void main(String[] args) {
        int status = run(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    @Command(
            name = "from-scratch",
            description = "Trains a digit classifier from scratch with SwitchLoRA, ReLoRA, LoRA and at full rank.")
    void fromScratch(@Mixin DigitSettings settings) throws Exception {
        new FromScratch(settings).run();
    }

    @Command(name = "shrinking", description = "Trains a digit classifier to a smaller one with TRP and Maestro.")
    void shrinking(@Mixin DigitSettings settings) throws Exception {
        new Shrinking(settings).run();
    }

    @Command(
            name = "shrinking-convolutions",
            description = "Trains a small residual network to a smaller one with TRP and Maestro.")
    void shrinkingConvolutions(@Mixin DigitSettings settings) throws Exception {
        new ShrinkingConvolutions(settings).run();
    }

    @Command(name = "compression", description = "Cuts trained digit classifiers to several sizes in every way.")
    void compression(@Mixin DigitSettings settings) throws Exception {
        new Compressed(settings).run();
    }

    @Command(name = "gradients", description = "Trains a digit classifier with M-FAC, GaLore, Adam and SGD.")
    void gradients(@Mixin DigitSettings settings) throws Exception {
        new Gradients(settings).run();
    }

    @Command(
            name = "intrinsic-dimension",
            description = "Trains a digit classifier in random subspaces of several dimensions.")
    void intrinsicDimension(@Mixin DigitSettings settings) throws Exception {
        new IntrinsicDimension(settings).run();
    }

    @Command(
            name = "random-body",
            description = "Trains heads and adapters of digit classifiers whose hidden layers stay as they were drawn.")
    void randomBody(@Mixin DigitSettings settings) throws Exception {
        new RandomBody(settings).run();
    }

    @Command(
            name = "byzantine",
            description = "Fine-tunes a digit classifier by seven workers of which up to three are hostile.")
    void byzantine(
            @Mixin DigitSettings settings,
            @Option(names = "--rounds", description = "rounds of seven minibatches (30; quick: 10)") Integer rounds)
            throws Exception {
        new Byzantine(settings, rounds).run();
    }

    @Command(name = "rates", description = "Trains with every method at its own best learning rate.")
    void rates(
            @Mixin DigitSettings settings,
            @Option(
                            names = "--fashion",
                            defaultValue = "",
                            description =
                                    "a directory with the files of Fashion-MNIST; if absent, digits are turned and inverted")
                    String fashion)
            throws Exception {
        new Rates(settings, fashion).run();
    }

    @Command(name = "tables", description = "Brings to README, guide and methods what the classes say of themselves.")
    void tables() throws IOException {
        Tables.main(new String[0]);
    }

    @Command(name = "site", description = "Renders all pages to target/site.")
    void site() throws Exception {
        Site.main(new String[0]);
    }

    /** Runs one; a mistake on the command line is 2, and what could not be read, written or trained 1, with one line. */
    public static int run(String... args) {
        return new CommandLine(new Pages())
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    if (failure instanceof IOException) {
                        line.getErr().println(failure.getMessage());
                        return CommandLine.ExitCode.SOFTWARE;
                    }
                    throw failure;
                })
                .execute(args);
    }
}
