package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentOptionsTest {

    @Test
    void splitsAtACommaThatAKeyFollows() {
        AgentOptions options = AgentOptions.parse("rank=8,layers=dense1:dense2,galore.refresh=200,x-y_z=1");

        assertEquals(
                List.of("rank", "layers", "galore.refresh", "x-y_z"),
                List.copyOf(options.asMap().keySet()));
        assertEquals("dense1:dense2", options.get("layers"));
        assertEquals("200", options.get("galore.refresh"));
    }

    @Test
    void keepsACommaInsideAValue() {
        AgentOptions options = AgentOptions.parse("layers=dense[1,3],a b,exclude=out,,rank=4");

        assertEquals("dense[1,3],a b", options.get("layers"));
        assertEquals("out,", options.get("exclude"));
        assertEquals("4", options.get("rank"));
    }

    @Test
    void keepsAnEqualsSignInsideAValue() {
        assertEquals("a=b", AgentOptions.parse("config=a=b").get("config"));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "  "})
    void hasNoOptionsWithoutArguments(String text) {
        AgentOptions options = AgentOptions.parse(text);

        assertTrue(options.asMap().isEmpty());
        assertTrue(options.problems().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rank=8", "rank=8,layers=a:b", "layers=a,b,rank=8", "strict=,rank=8", "config=/a=b,c d"})
    void printsItselfAsItWasWritten(String text) {
        AgentOptions options = AgentOptions.parse(text);

        assertEquals(text, options.toString());
        assertEquals(options.asMap(), AgentOptions.parse(options.toString()).asMap());
    }

    @ParameterizedTest
    @ValueSource(strings = {"verbose", "=8", "ra nk=8", "rank 4"})
    void namesWhatIsNotKeyAndValue(String text) {
        AgentOptions options = AgentOptions.parse(text);

        assertTrue(options.asMap().isEmpty());
        assertEquals(1, options.problems().size());
        assertTrue(
                options.problems().get(0).startsWith("agent argument '" + text + "' is refused because it is not key="),
                options.problems()::toString);
    }

    @Test
    void whatIsNamedStaysOnALine() {
        String problem =
                AgentOptions.parse("rank\n" + "4".repeat(1000)).problems().get(0);

        assertTrue(problem.startsWith("agent argument 'rank " + "4".repeat(55) + "...' is refused"), problem);
    }

    @Test
    void takesBlanksAroundCommasAndEqualsSigns() {
        AgentOptions options = AgentOptions.parse(" rank = 2 , alpha=8,  layers= a, b , rank@dense.* = 4");

        assertEquals(Map.of("rank", "2", "alpha", "8", "layers", "a, b", "rank@dense.*", "4"), options.asMap());
        assertEquals(List.of(), options.problems());
    }

    @Test
    void takesTheLayersThatAnArgumentIsFor() {
        AgentOptions options = AgentOptions.parse("rank=8,rank@dense1=4,galore.refresh@fc[0-9]+=100,layers=a,b@c");

        assertEquals(
                List.of("rank", "rank@dense1", "galore.refresh@fc[0-9]+", "layers"),
                List.copyOf(options.asMap().keySet()));
        assertEquals("a,b@c", options.get("layers"));
    }

    @Test
    void twoValuesContradictEachOther() {
        AgentOptions options = AgentOptions.parse("rank=8,rank=4");

        assertEquals(
                List.of("agent argument 'rank' is given more than once, with different values: keep one"),
                options.problems());
    }

    @Test
    void oneValueTwiceIsNoProblem() {
        AgentOptions options = AgentOptions.parse("rank=8,rank= 8");

        assertEquals(List.of(), options.problems());
        assertEquals(List.of("agent argument 'rank' is given more than once"), options.repeated());
    }

    @Test
    void cannotBeChanged() {
        Map<String, String> values = AgentOptions.parse("rank=8").asMap();

        assertThrows(UnsupportedOperationException.class, () -> values.put("rank", "4"));
    }
}
