package org.lowrank4j.tests.agent.program;

import java.nio.file.Path;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.implementation.FixedValue;
import net.bytebuddy.matcher.ElementMatchers;

/** A job that uses a Byte Buddy of its own before it trains. */
public final class ByteBuddyJob {

    private ByteBuddyJob() {}

    public static void main(String[] arguments) throws Exception {
        Object made = new ByteBuddy()
                .subclass(Object.class)
                .method(ElementMatchers.named("toString"))
                .intercept(FixedValue.value("made by the application"))
                .make()
                .load(ByteBuddyJob.class.getClassLoader())
                .getLoaded()
                .getDeclaredConstructor()
                .newInstance();
        Training.result("made", made);
        Training.result(
                "library",
                Path.of(ByteBuddy.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI())
                        .getFileName());
        Training.main(arguments);
    }
}
