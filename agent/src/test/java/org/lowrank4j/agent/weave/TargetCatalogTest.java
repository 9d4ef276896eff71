package org.lowrank4j.agent.weave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.agent.weave.Hook.Kind;
import org.objectweb.asm.Type;

class TargetCatalogTest {

    static Stream<Hook> hooks() {
        return Stream.concat(TargetCatalog.hooks().stream(), TargetCatalog.layerHooks().stream());
    }

    @Test
    void hooksEachMethodOnceInEachWay() {
        Set<String> members = new HashSet<>();
        hooks().forEach(hook ->
                assertTrue(members.add(hook.kind() + hook.member()), hook.member() + " is hooked twice"));
        assertEquals(32, TargetCatalog.owners().size());
    }

    /** Most programs are without the module, and are adapted all the same. */
    @Test
    void noNetworkNeedsParallelWrapperOrSpark() {
        assertTrue(TargetCatalog.owners().contains("org/deeplearning4j/parallelism/ParallelWrapper"));
        for (String module : List.of("org/deeplearning4j/parallelism/", "org/deeplearning4j/spark/")) {
            assertTrue(TargetCatalog.owners().stream().anyMatch(owner -> owner.startsWith(module)));
            TargetCatalog.commonHooks().forEach(hook -> assertFalse(hook.owner().startsWith(module), hook.member()));
        }
    }

    @ParameterizedTest
    @MethodSource("hooks")
    void hasOneHookForEachTimeThatOneRuns(Hook hook) {
        assertEquals(hook.kind() == Kind.AROUND ? 2 : 1, hook.hooks().size());
    }

    @ParameterizedTest
    @MethodSource("hooks")
    void passesOnlyValuesThatThereAre(Hook hook) {
        int arguments = Type.getArgumentTypes(hook.descriptor()).length;
        for (Value value : hook.values()) {
            if (value instanceof Value.Argument argument) {
                assertTrue(argument.index() < arguments, hook.member());
            }
            if (value instanceof Value.Returned) {
                assertEquals(Kind.EXIT, hook.kind(), hook.member());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("hooks")
    void namesHooksByClassAndMethod(Hook hook) {
        hook.hooks().forEach(name -> assertTrue(name.matches("[A-Z]\\w+Hooks\\.[a-z]\\w+"), name));
    }
}
