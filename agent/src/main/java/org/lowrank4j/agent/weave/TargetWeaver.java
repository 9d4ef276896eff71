package org.lowrank4j.agent.weave;

import java.util.List;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.ClassFileVersion;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.dynamic.DynamicType;
import net.bytebuddy.dynamic.scaffold.InstrumentedType;
import net.bytebuddy.dynamic.scaffold.MethodGraph;
import net.bytebuddy.dynamic.scaffold.TypeValidation;
import net.bytebuddy.implementation.Implementation;
import net.bytebuddy.matcher.ElementMatchers;
import net.bytebuddy.pool.TypePool;
import net.bytebuddy.utility.JavaConstant;
import org.lowrank4j.agent.HookLinker;

/**
 * Puts hooks into one class with Byte Buddy's advice. The class is read and written as bytes: no class is loaded, and no
 * field, method or interface is added, so that the class can be woven again after it was loaded.
 */
final class TargetWeaver {

    private final ByteBuddy byteBuddy = new ByteBuddy(ClassFileVersion.JAVA_V11)
            .with(TypeValidation.DISABLED)
            .with(MethodGraph.Compiler.ForDeclaredMethods.INSTANCE)
            .with(InstrumentedType.Factory.Default.FROZEN)
            .with(Implementation.Context.Disabled.Factory.INSTANCE);
    private final ClassFileLocator templates = ClassFileLocator.ForClassLoader.of(TargetWeaver.class.getClassLoader());

    /**
     * Weaves a class.
     *
     * @param loader finds the class files of the types that the class uses
     * @param name the class's name with dots
     * @param hooks the hooks to put in; a method that the class does not have is passed over
     */
    byte[] weave(ClassLoader loader, String name, byte[] classFile, List<Hook> hooks) {
        ClassFileLocator locator = new ClassFileLocator.Compound(
                ClassFileLocator.Simple.of(name, classFile), ClassFileLocator.ForClassLoader.of(loader), templates);
        TypePool pool = new TypePool.Default.WithLazyResolution(
                new TypePool.CacheProvider.Simple(), locator, TypePool.Default.ReaderMode.FAST);
        TypeDescription woven = pool.describe(name).resolve();
        DynamicType.Builder<?> builder = byteBuddy.decorate(woven, locator);
        for (Hook hook : hooks) {
            builder = builder.visit(advice(hook, pool)
                    .on(ElementMatchers.named(hook.method()).and(ElementMatchers.hasDescriptor(hook.descriptor()))));
        }
        return builder.make(pool).getBytes();
    }

    private Advice advice(Hook hook, TypePool pool) {
        Advice.WithCustomMapping mapping = Advice.withCustomMapping()
                .bind(new PassedValues(hook))
                .bootstrap(
                        bootstrap(pool),
                        (template, exit) -> (type, method) ->
                                List.of(JavaConstant.Simple.ofLoaded(exit ? hook.last() : hook.first())));
        int values = hook.values().size();
        return switch (hook.kind()) {
            case ENTER ->
                mapping.to(describe(Templates.enter(values), pool), describe(Templates.PassOn.class, pool), templates);
            case EXIT -> mapping.to(describe(Templates.exit(values), pool), templates);
            case AROUND -> mapping.to(describe(Templates.Around.class, pool), templates);
        };
    }

    /** Read from its class file like everything else: descriptions of loaded classes need far more of Byte Buddy. */
    private static MethodDescription.InDefinedShape bootstrap(TypePool pool) {
        return describe(HookLinker.class, pool)
                .getDeclaredMethods()
                .filter(ElementMatchers.named("bootstrap"))
                .getOnly();
    }

    private static TypeDescription describe(Class<?> type, TypePool pool) {
        return pool.describe(type.getName()).resolve();
    }
}
