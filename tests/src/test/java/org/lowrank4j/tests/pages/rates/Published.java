package org.lowrank4j.tests.pages.rates;

import java.util.List;
import org.lowrank4j.tests.pages.Page;

/** What the papers claim, a line for each family: of their own models and data. */
final class Published {

    private static final List<List<String>> CLAIMS = List.of(
            List.of(
                    "`lora`",
                    "as accurate as full fine-tuning on GLUE and GPT-3 with 1e-4 of the numbers (2106.09685)"),
            List.of("`dora`", "above LoRA by 1 to 4.4 points on common sense, at half the rank too (2402.09353)"),
            List.of("`adalora`", "above LoRA of equal size, most at small budgets (2303.10512)"),
            List.of("`vera`, `lora-xs`, `loldu`", "about as accurate as LoRA with 10 to 1000 times fewer numbers"),
            List.of(
                    "`loha`, `lokr`, `hira`",
                    "of higher rank than LoRA's for as many numbers; above it on several tasks"),
            List.of(
                    "`miss`, `s2ft`, `oft`",
                    "at LoRA's accuracy or above, and cheaper (`miss`, `s2ft`) or nearer to the base (`oft`)"),
            List.of(
                    "`mica`, `kasa`, `loraplus`",
                    "better use of LoRA's numbers: minor directions, singular values, unequal rates"),
            List.of("`relora`, `switchlora`", "near to full pretraining of language models with LoRA's memory"),
            List.of(
                    "`trp`, `maestro`",
                    "as accurate as full training, in a network that ends smaller ([shrinking](shrinking.md))"),
            List.of("`random-subspace`", "750 dimensions reach 90 % of full accuracy on MNIST (1804.08838)"),
            List.of(
                    "`galore`, `fira`, `apollo`, `ldadam`, `flora`",
                    "near to Adam, or a little above, with a fraction of its state"),
            List.of("`muon`, `dion`, `shampoo`, `norm`", "fewer steps than Adam to the same loss, at large scale"),
            List.of(
                    "`lora-pro`, `lora-rite`, `riemannian`",
                    "above LoRA with Adam at the same rank, less sensitive to the rate"),
            List.of("`lora-fa`", "LoRA's accuracy with less memory for activations (2308.03303)"),
            List.of("`adahessian`, `mfac`", "above first-order methods by curvature; dearer steps"),
            List.of("`powersgd`, `econtrol`", "no loss of accuracy for far smaller messages between workers"),
            List.of("`adafactor`", "Adam's quality with state in proportion to rows and columns (1804.04235)"),
            List.of(
                    "`perpgrad`, `stablemax`",
                    "generalisation earlier after fitting (2501.04697); nothing for a task like this one"),
            List.of("updaters", "less sensitive to their settings than Adam, or, `prodigy`, without a rate to choose"),
            List.of("averages", "a better network than the last one, at no training cost"));

    private Published() {}

    static void write(Page page) {
        page.section("What the papers claim");
        page.paragraph(
                "Of models a thousand times as large and runs a hundred times as long: nothing here speaks for or against them.");
        page.table(List.of("methods", "claim"), CLAIMS);
    }
}
