/** Every method at its own best rate: the page, and the program that trains for it. */
package org.lowrank4j.tests.pages.rates;
