package io.github.jalign;

import io.github.jalign.train.TrainListener;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Run by {@link NativeMemoryTest} in a JVM that tracks its native memory: prints how many bytes are allocated outside the
 * heap and not by the JVM itself, before and after all that {@link Model} and {@link Trainer} do.
 */
final class NativeMemory {
    /** NMT's category of what Java code allocates: {@code Other (reserved=…, committed=…)}. */
    private static final Pattern OTHER = Pattern.compile("Other \\(reserved=(\\d+), committed=\\d+\\)");

    private NativeMemory() {}

    /** @param args a preference file, and a folder to write to */
    public static void main(String[] args) throws JMException {
        System.out.println("before " + bytes());
        try (Model one = Model.load("models/quickstart");
                Model two = Model.load("models/quickstart")) {
            one.chat(List.of(Message.user("What is the capital of Peru?")), ChatOptions.greedy(8));
            two.score(List.of(Preference.of("Who wrote Emma?", "Jane Austen.", "Ask someone else.")));
            System.out.println("open " + bytes());
        }
        System.out.println("closed " + bytes());
        Trainer.dpo(Map.of(
                        "model_name_or_path", "models/quickstart",
                        "dataset_name", args[0],
                        "output_dir", Path.of(args[1], "model"),
                        "reference_cache", Path.of(args[1], "reference"),
                        "max_steps", 1))
                .train(new TrainListener() {
                    @Override
                    public void reached(String point) {
                        if (point.equals("save model")) {
                            System.out.println("training " + bytes());
                        }
                    }
                });
        System.out.println("trained " + bytes());
    }

    private static long bytes() {
        try {
            Object text = ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "vmNativeMemory",
                            new Object[] {new String[] {"scale=b"}},
                            new String[] {String[].class.getName()});
            Matcher other = OTHER.matcher(text.toString());
            return other.find() ? Long.parseLong(other.group(1)) : 0;
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }
}
