package org.lowrank4j.file;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.longer.MatchCondition;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.conditions.Conditions;

/** Counts NaN and infinite entries. */
public final class NotFinite {

    private NotFinite() {}

    /** How many entries are NaN or infinite; 0 for arrays of whole numbers. */
    public static long count(INDArray array) {
        return array.isEmpty() || !array.dataType().isFPType()
                ? 0
                : Nd4j.getExecutioner()
                        .exec(new MatchCondition(array, Conditions.notFinite()))
                        .getLong(0);
    }
}
