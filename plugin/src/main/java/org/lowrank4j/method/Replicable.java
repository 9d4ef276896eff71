package org.lowrank4j.method;

import java.util.Set;

/** A method that several replicas of one network may follow at once. */
public interface Replicable extends Method {

    /**
     * What replicas may have in common so that this method goes on alike in all of them, from the same start: nothing that
     * it keeps besides its tensors then depends on what one of them alone has seen. By default nothing.
     */
    default Set<Replication> replicates() {
        return Set.of();
    }
}
