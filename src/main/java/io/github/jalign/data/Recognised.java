package io.github.jalign.data;

import java.util.List;

/**
 * What a row turned out to be.
 *
 * @param schema the form that it has, for people
 * @param examples what its columns became; none when it prefers no answer, several when it is a tree of messages
 */
record Recognised(String schema, List<Example> examples) {}
