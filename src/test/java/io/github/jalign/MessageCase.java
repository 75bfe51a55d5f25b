package io.github.jalign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import org.junit.jupiter.api.function.Executable;

/**
 * One row of the table of messages: something a user can do wrong, and every word that jalign then says.
 *
 * @param name what the user did, a few words
 * @param action does it
 * @param kind the expected family, which is the exit code
 * @param message the whole expected message
 */
public record MessageCase(String name, Executable action, JalignException.Kind kind, String message) {

    public void check() {
        JalignException e = assertThrows(JalignException.class, action, name);
        assertEquals(message, e.getMessage(), name);
        assertEquals(kind, e.kind(), name);
    }
}
