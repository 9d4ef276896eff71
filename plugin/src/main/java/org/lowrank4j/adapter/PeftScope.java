package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Whether a configuration accounts for the tensors beside it: which modules have factors ({@code target_modules},
 * {@code exclude_modules}, {@code layers_to_transform}), biases ({@code bias}) and whole weights ({@code
 * modules_to_save}), by PEFT's rules. PEFT leaves out what its configuration does not name; here it is refused, so that
 * no setting is passed over.
 *
 * <p>PEFT's own configurations may name more than there is. In one that was written here every name has its tensors, so
 * one without them is a slip of whoever edited it.
 */
final class PeftScope {

    private final PeftConfig config;
    private final Adapter adapter;
    private final List<String> notes = new ArrayList<>();

    private PeftScope(PeftConfig config, Adapter adapter) {
        this.config = config;
        this.adapter = adapter;
    }

    /**
     * Compares both.
     *
     * @return sentences on what the configuration names in vain
     * @throws LowRankException if it does not account for a tensor, or is contradicted by one
     */
    static List<String> check(PeftConfig config, Adapter adapter) {
        PeftScope scope = new PeftScope(config, adapter);
        scope.checkTargets();
        scope.checkWhole();
        scope.checkBias();
        scope.checkPatterns("rank_pattern");
        scope.checkPatterns("alpha_pattern");
        if (config.writtenHere()) {
            scope.checkOrder();
            if (config.flag("fan_in_fan_out")) {
                throw config.refused("its fan_in_fan_out is true, and its tensors were written with false");
            }
        }
        return scope.notes;
    }

    private Set<String> adapted() {
        return PeftTensors.modules(adapter).keySet();
    }

    private void checkTargets() {
        List<String> targets = config.names("target_modules");
        boolean all = !config.isGiven("target_modules") || targets.equals(List.of("all-linear"));
        for (String module : adapted()) {
            if (!all && !isNamed("target_modules", targets, module) || !isInTransformedLayer(module)) {
                throw config.refused("there are factors of module " + Excerpt.of(module)
                        + ", which its target_modules do not name: add it, or leave its tensors out");
            }
            if (config.isGiven("exclude_modules")
                    && isNamed("exclude_modules", config.names("exclude_modules"), module)) {
                throw config.refused("there are factors of module " + Excerpt.of(module)
                        + ", which its exclude_modules name: take it out there, or leave its tensors out");
            }
        }
        if (!all && !config.isText("target_modules")) {
            for (String target : targets) {
                if (adapted().stream().noneMatch(module -> isEnd(target, module))) {
                    inVain("target_modules", target);
                }
            }
        }
    }

    /** A text is a regular expression for the whole path; a list has paths and their ends. */
    private boolean isNamed(String key, List<String> names, String module) {
        return config.isText(key)
                ? config.matches("", names.get(0), "", module)
                : names.stream().anyMatch(name -> isEnd(name, module));
    }

    private static boolean isEnd(String name, String module) {
        return module.equals(name) || module.endsWith("." + name);
    }

    /** Whether the first number in the path, after layers_pattern if there is one, is in layers_to_transform. */
    private boolean isInTransformedLayer(String module) {
        if (!config.isGiven("layers_to_transform")) {
            return true;
        }
        List<String> patterns = config.isGiven("layers_pattern") ? config.names("layers_pattern") : List.of("[^.]*");
        Set<Integer> wanted = config.indices("layers_to_transform");
        Integer index = index(module, patterns);
        return index != null && wanted.contains(index);
    }

    private @Nullable Integer index(String module, List<String> patterns) {
        String[] parts = module.split("\\.", -1);
        for (int i = 2; i < parts.length - 1; i++) {
            String before = parts[i - 1];
            if (parts[i].matches("\\d{1,9}")
                    && patterns.stream().anyMatch(pattern -> config.matches("", pattern, "", before))) {
                return Integer.parseInt(parts[i]);
            }
        }
        return null;
    }

    private void checkWhole() {
        List<String> saved = config.modulesToSave();
        for (String name : saved) {
            if (adapter.parameters().keySet().stream().noneMatch(layer -> isEnd(name, layer))) {
                throw new LowRankException("The configuration says that " + Excerpt.of(name)
                        + " was saved as a whole (modules_to_save), and no tensor of it is there.");
            }
        }
        if (config.writtenHere()) {
            for (String layer : PeftTensors.wholeModules(adapter)) {
                if (saved.stream().noneMatch(name -> isEnd(name, layer))) {
                    throw config.refused("the whole weight of " + Excerpt.of(layer)
                            + " is there, which its modules_to_save do not name: add it, or leave its tensors out");
                }
            }
        }
    }

    private void checkBias() {
        String bias = config.word("bias", List.of("none", "all", "lora_only"));
        Set<String> whole = new HashSet<>(PeftTensors.wholeModules(adapter));
        for (Map.Entry<String, Map<String, INDArray>> layer :
                adapter.parameters().entrySet()) {
            boolean ofAdapted = adapted().contains(layer.getKey());
            boolean allowed = bias.equals("all")
                    || whole.contains(layer.getKey())
                    || bias.equals("lora_only") && ofAdapted
                    || config.modulesToSave().stream().anyMatch(name -> isEnd(name, layer.getKey()));
            if (!allowed && PeftTensors.hasBias(layer.getValue())) {
                throw config.refused("its bias is " + bias + ", and there is one of module "
                        + Excerpt.of(layer.getKey()) + ": write " + (ofAdapted ? "lora_only" : "all")
                        + ", or leave the tensor out");
            }
        }
        if (config.writtenHere() && !bias.equals(PeftTensors.bias(adapter))) {
            throw config.refused(
                    "its bias is " + bias + ", and its tensors were written with " + PeftTensors.bias(adapter));
        }
    }

    private void checkPatterns(String key) {
        for (String pattern : config.patterns(key)) {
            if (adapted().stream().noneMatch(module -> config.isSuffix(pattern, module))) {
                inVain(key, pattern);
            }
        }
    }

    private void checkOrder() {
        for (String layer : config.order()) {
            if (!adapted().contains(layer)) {
                inVain("layers", layer);
            }
        }
        for (String module : config.otherParameters()) {
            if (!adapted().contains(module)) {
                inVain(PeftConfig.PARAMETERS, module);
            }
        }
        if (config.order().size() != adapted().size()) {
            throw config.refused("its list of layers has " + config.order().size() + " names, and there are factors of "
                    + adapted().size());
        }
    }

    private void inVain(String key, String name) {
        String why = "its " + key + " name " + Excerpt.of(name) + ", and there are no factors of such a module";
        if (config.writtenHere()) {
            throw config.refused(why + "." + NearestName.suggestion(name, adapted()) + " There are factors of "
                    + Excerpt.of(adapted()));
        }
        notes.add(PeftDirectory.CONFIG + ": " + why);
    }
}
