package org.lowrank4j.rule;

import java.util.concurrent.Callable;

/** Mentions a class that may be missing, and then its methods cannot be listed. */
final class CallerOfGone implements Callable<Creation> {

    static Gone neverCalled(Gone gone) {
        return gone;
    }

    @Override
    public Creation call() {
        return Creation.here(TestNetworks::peftToy, 1);
    }
}
