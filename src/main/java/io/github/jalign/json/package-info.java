/**
 * JSON as plain values: maps, lists, strings, numbers, booleans and null, read strictly and written in a fixed form.
 * The only room that touches Jackson; every room above {@code tensor} may use it. Start at
 * {@link io.github.jalign.json.Json}.
 */
package io.github.jalign.json;
