package org.lowrank4j.agent.weave;

import java.util.List;
import net.bytebuddy.asm.Advice.OffsetMapping;
import net.bytebuddy.description.annotation.AnnotationDescription;
import net.bytebuddy.description.method.ParameterDescription;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.implementation.bytecode.assign.Assigner.Typing;

/** Maps a template's {@link Passed} parameters to the values that the catalogue lists for a hook. */
final class PassedValues implements OffsetMapping.Factory<Passed> {

    private final List<Value> values;

    PassedValues(Hook hook) {
        this.values = hook.values();
    }

    @Override
    public Class<Passed> getAnnotationType() {
        return Passed.class;
    }

    @Override
    public OffsetMapping make(
            ParameterDescription.InDefinedShape target,
            AnnotationDescription.Loadable<Passed> annotation,
            AdviceType adviceType) {
        TypeDescription.Generic type = target.getType();
        Value value = values.get(target.getIndex());
        if (value instanceof Value.Argument argument) {
            return new OffsetMapping.ForArgument.Unresolved(type, true, Typing.DYNAMIC, argument.index());
        }
        if (value instanceof Value.Field field) {
            return new OffsetMapping.ForField.Unresolved.WithImplicitType(type, true, Typing.DYNAMIC, field.name());
        }
        return value instanceof Value.Returned
                ? new OffsetMapping.ForReturnValue(type, true, Typing.DYNAMIC)
                : new OffsetMapping.ForThisReference(type, true, Typing.DYNAMIC, false);
    }
}
