package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CreationTest {

    private static final String HERE = AnnotatedPlaces.class.getName();

    @Test
    void knowsTheStack() {
        Creation creation = AnnotatedPlaces.PlainClass.create();
        assertTrue(creation.stack().contains(new Creation.Frame(HERE + "$PlainClass", "create")));
        assertTrue(creation.stack().contains(new Creation.Frame(CreationTest.class.getName(), "knowsTheStack")));
        assertEquals(List.of(), creation.annotations());
    }

    @Test
    void methodBeforeClass() {
        assertEquals(
                List.of("method " + HERE + "$ClassB.createInMethodA", "class " + HERE + "$ClassB"),
                origins(AnnotatedPlaces.ClassB.createInMethodA()));
    }

    @Test
    void constructorBeforeClass() {
        assertEquals(
                List.of("constructor " + HERE + "$Nested", "class " + HERE + "$Nested"),
                origins(new AnnotatedPlaces.Nested().created));
    }

    @Test
    void onlyTheNearestAnnotatedFrameCounts() {
        Creation creation = AnnotatedPlaces.Off.through(AnnotatedPlaces.ClassB::create);
        assertEquals(List.of("class " + HERE + "$ClassB"), origins(creation));
        assertEquals(
                List.of("class " + HERE + "$Off"),
                origins(AnnotatedPlaces.Off.through(AnnotatedPlaces.PlainClass::create)));
    }

    @Test
    void innerClassesBelongToTheClassAroundThem() {
        assertEquals(List.of("class " + HERE + "$Nested"), origins(AnnotatedPlaces.Nested.Inner.create()));
        assertEquals(
                List.of("method " + HERE + "$Nested$Inner.createCloser", "class " + HERE + "$Nested"),
                origins(AnnotatedPlaces.Nested.Inner.createCloser()));
    }

    @Test
    void anonymousClassesBelongToTheMethodAroundThem() {
        assertEquals(
                List.of("method " + HERE + "$Nested.anonymous", "class " + HERE + "$Nested"),
                origins(AnnotatedPlaces.Nested.anonymous()));
    }

    @Test
    void lambdasBelongToTheirMethodAlsoWhenRunLater() {
        assertEquals(
                List.of("method " + HERE + "$Nested.lambda", "class " + HERE + "$Nested"),
                origins(AnnotatedPlaces.Nested.lambda().get()));
    }

    @Test
    void aLambdaOfOneOfSeveralAnnotatedOverloadsBelongsToTheClassAlone() {
        assertEquals(
                List.of("class " + HERE + "$Nested"),
                origins(AnnotatedPlaces.Nested.overloaded(1).get()));
    }

    @Test
    void overloadsAreToldApartByTheirParameters() {
        assertEquals(
                List.of("method " + HERE + "$Nested.sameName", "class " + HERE + "$Nested"),
                origins(AnnotatedPlaces.Nested.sameName(1)));
        assertEquals(List.of("class " + HERE + "$Nested"), origins(AnnotatedPlaces.Nested.sameName("")));
    }

    @Test
    void fieldsComeFirst() {
        Creation creation = AnnotatedPlaces.ClassB.createInMethodA().keptIn(AnnotatedPlaces.Fields.class, "fieldB");
        assertEquals(
                List.of(
                        "field " + HERE + "$Fields.fieldB",
                        "method " + HERE + "$ClassB.createInMethodA",
                        "class " + HERE + "$ClassB"),
                origins(creation));
    }

    @Test
    void anUnknownFieldIsTheCallersError() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> Creation.ofField(AnnotatedPlaces.Fields.class, "nothing", TestNetworks.peftToy(), 1));
        assertTrue(refused.getMessage().contains("nothing"), refused.getMessage());
    }

    @Test
    void aClassThatCannotBeSearchedIsReported() throws Exception {
        Creation creation = new MissingParameterType().createInIt();
        assertEquals(1, creation.notes().size(), creation.notes().toString());
        String note = creation.notes().get(0);
        assertTrue(note.contains("CallerOfGone could not be searched"), note);
        assertTrue(note.contains("Gone"), note);
        Rule rule = Rules.book("rank", "2").ruleFor(creation).orElseThrow();
        assertEquals(
                creation.notes(),
                rule.plan(TestNetworks.peftToy(), TestMethods.all()).warnings());
    }

    private static List<String> origins(Creation creation) {
        return creation.annotations().stream()
                .map(settings -> settings.origin().replaceFirst("annotation on ", ""))
                .toList();
    }
}
