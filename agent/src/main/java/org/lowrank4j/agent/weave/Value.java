package org.lowrank4j.agent.weave;

/** A value of the woven method that its hook gets. */
sealed interface Value {

    /** The object that the method is called on. */
    record This() implements Value {}

    /** An argument of the method, counted from 0. */
    record Argument(int index) implements Value {}

    /** What the method returns; at its exit only. */
    record Returned() implements Value {}

    /**
     * A field of the object that the method is called on.
     *
     * @param owner internal name of the class that declares the field
     * @param descriptor the field's type as in a class file
     */
    record Field(String owner, String name, String descriptor) implements Value {}
}
