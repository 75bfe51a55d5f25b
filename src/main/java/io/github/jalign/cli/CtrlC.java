package io.github.jalign.cli;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Ctrl-C (SIGINT) as an event instead of the end of the process, until closed.
 *
 * <p>{@code sun.misc.Signal}, of the supported module jdk.unsupported, is the JDK's only way. It is called by method
 * handles because javac warns of its name, and under {@code --release} that warning, an error in this build, can be
 * neither suppressed nor switched off.
 */
final class CtrlC implements AutoCloseable {
    private static final String SIGNAL = "INT";

    private final MethodHandle handle;
    private final Object before;

    /**
     * @param action runs on a thread of its own, each time
     * @throws ReflectiveOperationException where the virtual machine has no such class
     * @throws IllegalArgumentException where the virtual machine keeps the signal for itself, as under {@code -Xrs}
     */
    CtrlC(Runnable action) throws ReflectiveOperationException {
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        Class<?> signal = Class.forName("sun.misc.Signal");
        Class<?> handler = Class.forName("sun.misc.SignalHandler");
        MethodHandle run = MethodHandles.dropArguments(
                lookup.findVirtual(Runnable.class, "run", MethodType.methodType(void.class)).bindTo(action), 0, signal);
        try {
            Object interrupt = lookup.findConstructor(signal, MethodType.methodType(void.class, String.class))
                    .invoke(SIGNAL);
            handle = MethodHandles.insertArguments(
                    lookup.findStatic(signal, "handle", MethodType.methodType(handler, signal, handler)), 0, interrupt);
            before = handle.invoke(MethodHandleProxies.asInterfaceInstance(handler, run));
        } catch (RuntimeException | Error | ReflectiveOperationException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            handle.invoke(before);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
