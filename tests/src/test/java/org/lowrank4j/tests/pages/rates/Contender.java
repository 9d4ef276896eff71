package org.lowrank4j.tests.pages.rates;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.method.Method;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.WeightUpdate;

/**
 * A method that takes part.
 *
 * @param key under which rules name it
 * @param update that its steps are, named or brought by it
 * @param rule all keys but the rate
 */
record Contender(String key, String name, String update, Map<String, String> rule) {

    /** What every rule has; where a method wants another, it is named below. */
    private static final Map<String, String> COMMON =
            Map.of("rank", "8", "layers", "hidden1:hidden2", "train", "output", "bias", "all");

    /** The steps that every one is trained for: some methods must know. */
    static final int STEPS = 320;

    /** What methods need besides their names, or are shown with because their defaults are for many thousand steps. */
    private static final Map<String, Map<String, String>> OPTIONS = Map.ofEntries(
            Map.entry("adalora", Map.of("adalora.total-steps", "" + STEPS, "adalora.target-rank", "4")),
            Map.entry("apollo-mini", Map.of("rank", "1")),
            Map.entry("ema", Map.of("ema.halflife", "2000")),
            Map.entry("flora", Map.of("flora.refresh", "100")),
            Map.entry("lawa", Map.of("lawa.every", "16")),
            Map.entry("maestro", Map.of("maestro.shrink", "100")),
            Map.entry("mfac", Map.of("mfac.window", "32")),
            Map.entry("powersgd", Map.of("powersgd.start", "0")),
            Map.entry("prodigy", Map.of("prodigy.rate", "configured")),
            Map.entry("random-subspace", Map.of("random-subspace.dimension", "1000")),
            Map.entry(
                    "relora",
                    Map.of(
                            "relora.total-steps", "" + STEPS,
                            "relora.restart", "80",
                            "relora.first-warmup", "10",
                            "relora.restart-warmup", "10")),
            Map.entry("shampoo", Map.of("shampoo.refresh", "20")),
            Map.entry("switch-ema", Map.of("switch-ema.mu", "0.99", "switch-ema.switch", "80")),
            Map.entry("switchlora", Map.of("switchlora.total-steps", "" + STEPS)));

    /** All in the place of the weights of a network that has learned, in the order of the catalogue. */
    static List<Contender> adapting() {
        Methods methods = Methods.load();
        List<Contender> all = new ArrayList<>();
        methods.updates().forEach(update -> add(all, "update", update, update.name()));
        gradients(methods, all);
        methods.updaters().forEach(updater -> add(all, "updater", updater, "lora"));
        methods.averages().forEach(average -> add(all, "average", average, "lora"));
        methods.losses().forEach(loss -> add(all, "loss", loss, "lora"));
        return all;
    }

    /** Those that are made for a network that nothing has trained, and every gradient whose steps are of W. */
    static List<Contender> fromScratch() {
        Methods methods = Methods.load();
        List<Contender> all = new ArrayList<>();
        for (LowRankUpdate update : methods.updates()) {
            if (update.learnsFromScratch() || update instanceof WeightUpdate) {
                add(all, "update", update, update.name());
            }
        }
        gradients(methods, all);
        all.removeIf(contender -> contender.update().equals("lora"));
        all.addAll(0, only("update", methods.updates(), "lora"));
        return all;
    }

    private static List<Contender> only(String key, Collection<? extends Method> methods, String name) {
        List<Contender> one = new ArrayList<>();
        methods.stream().filter(method -> method.name().equals(name)).forEach(method -> add(one, key, method, name));
        return one;
    }

    private static void gradients(Methods methods, List<Contender> all) {
        for (GradientApproximation gradient : methods.gradients()) {
            if (!gradient.name().equals("exact")) {
                add(all, "gradient", gradient, gradient.defaultUpdate());
            }
        }
    }

    /** The tests' own methods do not take part. */
    private static void add(List<Contender> all, String key, Method method, String update) {
        if (method.getClass().getPackageName().startsWith("org.lowrank4j.tests")) {
            return;
        }
        Map<String, String> rule = new LinkedHashMap<>(COMMON);
        rule.put("update", update);
        rule.put(key, method.name());
        rule.putAll(OPTIONS.getOrDefault(method.name(), Map.of()));
        all.add(new Contender(key, method.name(), update, rule));
    }

    /** With whose steps those of this one are compared: the exact ones of the same update, or LoRA's. */
    Map<String, String> reference() {
        Map<String, String> rule = new LinkedHashMap<>(COMMON);
        rule.put("update", key.equals("gradient") ? update : "lora");
        return rule;
    }

    /** Its rule at a rate. */
    Map<String, String> at(double rate) {
        Map<String, String> whole = new LinkedHashMap<>(rule);
        whole.put("rate", Double.toString(rate));
        return whole;
    }

    /** For the name of a file. */
    String id() {
        return key + "-" + name;
    }
}
