package org.lowrank4j;

import org.jspecify.annotations.Nullable;

/**
 * The one exception that users of lowrank4j see: a rule that cannot be met, a file that cannot be read, or a step that
 * cannot be trusted. Its message says what was wrong, where it came from and what is allowed.
 */
public class LowRankException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public LowRankException(String message) {
        super(message);
    }

    public LowRankException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
