package org.lowrank4j.method;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;

/** The value of an option is none that the option allows. */
public final class RefusedOption extends LowRankException {

    private static final long serialVersionUID = 1L;

    RefusedOption(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
