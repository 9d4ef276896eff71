package org.lowrank4j.gradient;

/** An option that is on or off. */
enum YesOrNo {
    YES,
    NO
}
