/**
 * jalign as a library: the few classes that a program needs to talk to models, to score answers and to train. Everything
 * else is reachable from here and may change more often. Start at {@link io.github.jalign.Model} and
 * {@link io.github.jalign.Trainer}; {@code examples/} holds a whole program.
 *
 * <p>The JVM must be started with {@code --add-modules jdk.incubator.vector}, and with
 * {@code --enable-native-access=ALL-UNNAMED} if it shall not warn. Nothing here writes to standard output or error, ends
 * the process, or keeps anything in static fields: any number of models and trainers live in one JVM. Failures that a user
 * can mend are {@link io.github.jalign.errors.JalignException}s with a message in five parts.
 */
package io.github.jalign;
