package org.lowrank4j.annotation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LowRankTest {

    @LowRank.Layer(layers = "dense1", rank = 4)
    @LowRank.Layer(
            layers = {"dense2", "dense3"},
            update = "lora")
    private static final class Annotated {}

    @ParameterizedTest
    @ValueSource(classes = {LowRank.class, LowRank.Layer.class, LowRank.Layers.class})
    void isVisibleAtRunTimeOnAllFourPlaces(Class<?> annotation) {
        assertEquals(
                RetentionPolicy.RUNTIME,
                annotation.getAnnotation(Retention.class).value());
        assertEquals(
                Set.of(ElementType.TYPE, ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.FIELD),
                Set.of(annotation.getAnnotation(Target.class).value()));
    }

    @Test
    void everyMemberMayBeLeftOut() {
        assertEquals(
                Set.of(),
                Arrays.stream(LowRank.class.getDeclaredMethods())
                        .filter(member -> member.getDefaultValue() == null)
                        .map(Method::getName)
                        .collect(Collectors.toSet()));
    }

    @Test
    void anOverrideMustNameItsLayers() {
        assertEquals(
                Set.of("layers"),
                Arrays.stream(LowRank.Layer.class.getDeclaredMethods())
                        .filter(member -> member.getDefaultValue() == null)
                        .map(Method::getName)
                        .collect(Collectors.toSet()));
    }

    @Test
    void overridesRepeatInTheOrderOfTheSource() {
        LowRank.Layer[] layers = Annotated.class.getAnnotationsByType(LowRank.Layer.class);
        assertEquals(2, layers.length);
        assertArrayEquals(new String[] {"dense1"}, layers[0].layers());
        assertArrayEquals(new String[] {"dense2", "dense3"}, layers[1].layers());
    }

    @Test
    void dependsOnNothingButTheJdk() {
        for (Method member : LowRank.class.getDeclaredMethods()) {
            Class<?> type = member.getReturnType();
            Class<?> plain = type.isArray() ? type.getComponentType() : type;
            assertTrue(plain.isPrimitive() || plain == String.class, member + " has a type of its own");
        }
    }
}
