package org.lowrank4j.agent.weave;

import java.util.List;

/**
 * A row of the catalogue: which method of Deeplearning4j calls which hook, when and with which values.
 *
 * @param owner internal name of the class
 * @param method the method's name
 * @param descriptor the method's parameter and return types as in a class file
 * @param hooks class and method of the hook, for example {@code StepHooks.optimize}; for {@link Kind#AROUND} the hooks at
 *     the begin and at the end
 * @param values what the hook gets, in its order; the one at the end of {@link Kind#AROUND} gets the object
 */
record Hook(Kind kind, String owner, String method, String descriptor, List<String> hooks, List<Value> values) {

    /** When a hook runs, and what its result means. */
    enum Kind {
        /** First; unless the hook returns null, its result is returned and the method's body is skipped. */
        ENTER,
        /** After the method returned normally. */
        EXIT,
        /** A hook first and one last, even after an exception; the second gets the first one's result and the exception. */
        AROUND
    }

    /** The hook that runs first, or the only one. */
    String first() {
        return hooks.get(0);
    }

    /** The hook that runs last, or the only one. */
    String last() {
        return hooks.get(hooks.size() - 1);
    }

    /** The method in messages, for example {@code org.deeplearning4j.nn.graph.ComputationGraph.init(...)V}. */
    String member() {
        return owner.replace('/', '.') + "." + method + descriptor;
    }
}
