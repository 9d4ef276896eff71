package org.lowrank4j.command.work;

import java.util.function.Supplier;
import org.lowrank4j.LowRankException;

/** The command line asks for something that makes no sense as it stands; the message says what and what to do. */
public final class WrongUse extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public WrongUse(String message) {
        super(message);
    }

    /** What the command line names; a refusal means that it names what is not there. */
    static <T> T unlessFound(Supplier<T> named) {
        try {
            return named.get();
        } catch (LowRankException refused) {
            throw new WrongUse(String.valueOf(refused.getMessage()));
        }
    }
}
