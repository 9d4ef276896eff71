package org.lowrank4j.agent.weave;

import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/**
 * The shapes of woven code. Byte Buddy reads these methods' annotations; except for {@link PassOn#exit}, which is copied
 * into the woven method, their bodies never run, because {@code invokedynamic} calls the hook in their place. All types
 * are {@code Object}, so that woven code names no class that its loader may not know.
 */
final class Templates {

    private static final Class<?>[] ENTER = {
        Enter1.class, Enter2.class, Enter3.class, Enter4.class, Enter5.class,
    };
    private static final Class<?>[] EXIT = {Exit1.class, Exit2.class};

    private Templates() {}

    /** Runs a hook of so many values first, and skips the body if it returns a value. */
    static Class<?> enter(int values) {
        return of(ENTER, values);
    }

    /** Runs a hook of so many values after a normal return. */
    static Class<?> exit(int values) {
        return of(EXIT, values);
    }

    private static Class<?> of(Class<?>[] templates, int values) {
        if (values < 1 || values > templates.length) {
            throw new IllegalArgumentException(
                    "no template passes " + values + " values: from 1 to " + templates.length + " are possible");
        }
        return templates[values - 1];
    }

    private static UnsupportedOperationException neverCalled() {
        return new UnsupportedOperationException("a template is not called");
    }

    /** Returns what the hook returned. */
    static final class PassOn {

        private PassOn() {}

        @Advice.OnMethodExit
        static void exit(
                @Advice.Enter @Nullable Object entered,
                @Advice.Return(readOnly = false, typing = Assigner.Typing.DYNAMIC) @Nullable Object returned) {
            if (entered != null) {
                returned = entered;
            }
        }
    }

    static final class Enter1 {

        private Enter1() {}

        @Advice.OnMethodEnter(inline = false, skipOn = Advice.OnNonDefaultValue.class)
        static Object enter(@Passed Object first) {
            throw neverCalled();
        }
    }

    static final class Enter2 {

        private Enter2() {}

        @Advice.OnMethodEnter(inline = false, skipOn = Advice.OnNonDefaultValue.class)
        static Object enter(@Passed Object first, @Passed Object second) {
            throw neverCalled();
        }
    }

    static final class Enter3 {

        private Enter3() {}

        @Advice.OnMethodEnter(inline = false, skipOn = Advice.OnNonDefaultValue.class)
        static Object enter(@Passed Object first, @Passed Object second, @Passed Object third) {
            throw neverCalled();
        }
    }

    static final class Enter4 {

        private Enter4() {}

        @Advice.OnMethodEnter(inline = false, skipOn = Advice.OnNonDefaultValue.class)
        static Object enter(@Passed Object first, @Passed Object second, @Passed Object third, @Passed Object fourth) {
            throw neverCalled();
        }
    }

    static final class Enter5 {

        private Enter5() {}

        @Advice.OnMethodEnter(inline = false, skipOn = Advice.OnNonDefaultValue.class)
        static Object enter(
                @Passed Object first,
                @Passed Object second,
                @Passed Object third,
                @Passed Object fourth,
                @Passed Object fifth) {
            throw neverCalled();
        }
    }

    static final class Exit1 {

        private Exit1() {}

        @Advice.OnMethodExit(inline = false)
        static void exit(@Passed Object first) {
            throw neverCalled();
        }
    }

    static final class Exit2 {

        private Exit2() {}

        @Advice.OnMethodExit(inline = false)
        static void exit(@Passed Object first, @Passed Object second) {
            throw neverCalled();
        }
    }

    /** Runs a hook first and another last, however the method ends. */
    static final class Around {

        private Around() {}

        @Advice.OnMethodEnter(inline = false)
        static Object enter(@Passed Object first) {
            throw neverCalled();
        }

        @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class)
        static void exit(@Passed Object first, @Advice.Enter Object token, @Advice.Thrown @Nullable Throwable thrown) {
            throw neverCalled();
        }
    }
}
