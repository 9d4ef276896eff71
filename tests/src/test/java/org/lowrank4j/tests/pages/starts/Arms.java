package org.lowrank4j.tests.pages.starts;

import static org.lowrank4j.tests.pages.starts.Start.Base.ROUNDED;
import static org.lowrank4j.tests.pages.starts.Start.Base.TRAINED;
import static org.lowrank4j.tests.pages.starts.Start.How.AGENT;
import static org.lowrank4j.tests.pages.starts.Start.How.STOCK;
import static org.lowrank4j.tests.pages.starts.Start.How.STOCK_FROZEN_BODY;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.lowrank4j.method.Method;
import org.lowrank4j.registry.Methods;

/** The rows of the table, in its order. Scales are the published ones where a paper has its own. */
final class Arms {

    static final String FULL = "full";
    static final String FROZEN = "frozen";
    static final String KAIMING = "kaiming";
    static final String KAIMING_ROUNDED = "kaiming-rounded";

    static final List<Start> ALL = List.of(
            new Start(FULL, STOCK, TRAINED, "", "stock DL4J, every weight trained"),
            new Start(FROZEN, STOCK_FROZEN_BODY, TRAINED, "", "stock DL4J, only the output layer trained"),
            agent(KAIMING, "init=kaiming,alpha=8", "LoRA's own start (arXiv 2106.09685)"),
            agent("gaussian", "init=gaussian,alpha=8", "as LoRA's, A normal; an option of the reference libraries"),
            agent("orthogonal", "init=orthogonal,alpha=8", "A and B random, A B = 0; an option of the same libraries"),
            agent("pissa", "init=pissa,alpha=8", "arXiv 2404.02948; exact decomposition"),
            agent("pissa-fast", "init=pissa,pissa.niter=4,alpha=8", "the paper's fast variant"),
            agent("milora", "init=milora,alpha=8", "arXiv 2406.09044"),
            agent("olora", "init=olora,alpha=8", "arXiv 2406.01775"),
            agent("eva", "init=eva,alpha=8", "arXiv 2410.07170; may share the ranks out among the layers"),
            agent("corda-ipm", "init=corda,corda.mode=ipm,alpha=8", "arXiv 2406.05223; instruction-previewed mode"),
            agent(
                    "corda-kpm",
                    "init=corda,corda.mode=kpm,alpha=8",
                    "knowledge-preserved mode; it sees the new task's batches, where the paper takes some of the old"),
            agent("lora-ga", "init=lora-ga,alpha=16,scaling=rslora", "arXiv 2407.05000; one batch, published scaling"),
            agent(
                    "lora-ga-8",
                    "init=lora-ga,lora-ga.batches=8,alpha=16,scaling=rslora",
                    "the same over the first eight batches"),
            agent(
                    "lora-one",
                    "init=lora-one,alpha=16,scaling=rslora",
                    "arXiv 2502.01235; one batch, published scaling"),
            agent("lora-xs", "update=lora-xs,alpha=16", "arXiv 2405.17604; trains r x r numbers a layer"),
            agent(
                    "lora-sb",
                    "init=lora-sb,alpha=8",
                    "arXiv 2411.19557; lora-xs started in the first step's directions"),
            agent("loldu", "update=loldu,alpha=1", "arXiv 2410.13618; trains r + 1 numbers a layer"),
            new Start(
                    KAIMING_ROUNDED,
                    AGENT,
                    ROUNDED,
                    "init=kaiming,alpha=8",
                    "LoRA on the rounded base, what eora and loftq improve on"),
            new Start(
                    "eora",
                    AGENT,
                    ROUNDED,
                    "init=eora,eora.original=" + Start.ORIGINAL + ",alpha=8",
                    "arXiv 2410.21271; on the rounded base, told what it was before"),
            new Start(
                    "loftq",
                    AGENT,
                    ROUNDED,
                    "init=loftq,loftq.original=" + Start.ORIGINAL + ",alpha=8",
                    "arXiv 2310.08659; the same, by the difference of the weights alone"),
            agent(
                    "switchlora",
                    "init=switchlora,alpha=1",
                    "the start of arXiv 2406.06564 alone; made for training from scratch, moves the network"));

    private Arms() {}

    private static Start agent(String name, String rule, String note) {
        return new Start(name, AGENT, TRAINED, rule, note);
    }

    /**
     * The arms of these names, in the order of the table.
     *
     * @param names separated by commas; {@code all} for all
     */
    static List<Start> of(String names) {
        if (names.equals("all")) {
            return ALL;
        }
        List<String> known = ALL.stream().map(Start::name).toList();
        Set<String> wanted = new TreeSet<>();
        for (String part : names.split(",")) {
            String name = part.strip();
            if (!known.contains(name)) {
                throw new IllegalArgumentException(name + " is not one of " + String.join(", ", known) + ".");
            }
            wanted.add(name);
        }
        return ALL.stream().filter(arm -> wanted.contains(arm.name())).toList();
    }

    /**
     * The arms whose method is not there, each with the method.
     *
     * @return for example {@code eva (init=eva)}; empty if all are there
     */
    static List<String> missing(List<Start> arms, Methods methods) {
        Set<String> initialisations = names(methods.initialisations());
        Set<String> updates = names(methods.updates());
        List<String> missing = new ArrayList<>();
        for (Start arm : arms) {
            arm.setting("init")
                    .filter(name -> !initialisations.contains(name))
                    .ifPresent(name -> missing.add(arm.name() + " (init=" + name + ")"));
            arm.setting("update")
                    .filter(name -> !updates.contains(name))
                    .ifPresent(name -> missing.add(arm.name() + " (update=" + name + ")"));
        }
        return missing;
    }

    private static Set<String> names(Iterable<? extends Method> methods) {
        Set<String> names = new TreeSet<>();
        methods.forEach(method -> names.add(method.name()));
        return names;
    }
}
