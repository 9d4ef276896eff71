package org.lowrank4j.command.work;

/** The command line asks for something that makes no sense as it stands; the message says what and what to do. */
public final class WrongUse extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public WrongUse(String message) {
        super(message);
    }
}
