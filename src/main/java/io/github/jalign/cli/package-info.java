/**
 * One small class a command: it parses its words, calls a room below and prints. Nothing depends on this room.
 * Start at {@link io.github.jalign.cli.Main}.
 */
package io.github.jalign.cli;
