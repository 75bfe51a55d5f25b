/**
 * The one exception that jalign throws for what a user can mend, with its five parts and its exit code, and the reading of
 * text files, which most often becomes one. Every room may use it; nothing else lives here. Start at {@link io.github.jalign.errors.JalignException}.
 */
package io.github.jalign.errors;
