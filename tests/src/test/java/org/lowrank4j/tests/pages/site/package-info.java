/** Renders the README and the pages that it leads to as HTML, with one look for all of them. */
package org.lowrank4j.tests.pages.site;
