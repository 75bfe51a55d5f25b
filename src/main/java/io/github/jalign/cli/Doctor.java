package io.github.jalign.cli;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.text.Tokenizer;
import io.github.jalign.train.HostMemory;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code jalign doctor}: what is installed, what of it is used, and how fast it is. */
@Command(
        name = "doctor",
        description = {
            "Shows what jalign finds on this machine and uses: Java, processor, memory, libraries, GPU, and how fast the "
                    + "cpu and the GPU multiply and copy. Takes a few seconds.",
            "A machine without a usable GPU is no failure; a GPU, tokenizer or vector unit that fails in use is."
        },
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true)
final class Doctor implements Callable<Integer> {
    private static final String SENTENCE = "How are you?";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the cpu; 0 for all (default).")
    private int threads;

    @Override
    public Integer call() {
        show(this::machine);
        show(Doctor::tokenizer);
        show(report -> speed(report, "cpu", Backend.CPU));
        Optional<JalignException> obstacle = Backend.CUDA.obstacle();
        if (obstacle.isPresent()) {
            show(report -> report.add("cuda", "cannot be used: " + obstacle.get().brief()));
        } else {
            show(report -> speed(report, "cuda", Backend.CUDA));
        }
        show(report -> report.add("device auto", obstacle.isPresent() ? "takes the cpu" : "takes cuda where the run fits"));
        return 0;
    }

    /** Prints each part when it is known: what hangs or fails is then the next. */
    private void show(Consumer<Report> part) {
        Report report = new Report();
        part.accept(report);
        PrintWriter out = spec.commandLine().getOut();
        report.lines().forEach(out::println);
        out.flush();
    }

    private void machine(Report report) {
        report.add("jalign", new Main.Version().getVersion()[0].replaceFirst("^jalign ", ""));
        report.add(
                "java",
                "%s (%s), %s".formatted(
                        Runtime.version(), System.getProperty("java.vm.vendor"), System.getProperty("java.home")));
        report.add("processor", Machine.description() + " " + System.getProperty("os.version"));
        List<String> features = Machine.vectorFeatures();
        report.add("features", features.isEmpty() ? "unknown" : String.join(" ", features));
        report.add(
                "memory",
                "%s, %s available; at most %s of it for the JVM's heap".formatted(
                        gibibytes(HostMemory.totalBytes()),
                        gibibytes(HostMemory.availableBytes()),
                        gibibytes(Runtime.getRuntime().maxMemory())));
        HubCache hub = HubCache.ofUser();
        String there = Files.isDirectory(hub.folder()) ? "" : ", which does not exist";
        report.add("models", "names of models are looked up in " + hub.folder() + there);
    }

    /** The library is unpacked on first use, which a home folder that cannot be written prevents. */
    private static void tokenizer(Report report) {
        QuickstartHome home;
        try {
            home = QuickstartHome.find();
        } catch (JalignException e) {
            report.add("tokenizer", "not tried: " + e.brief());
            return;
        }
        try (Tokenizer tokenizer = Tokenizer.load(home.model())) {
            int[] ids = tokenizer.encode(SENTENCE, false);
            String again = tokenizer.decode(ids, false);
            if (!again.equals(SENTENCE)) {
                throw new IllegalStateException("the tokenizer read \"" + SENTENCE + "\" as \"" + again + "\"");
            }
        }
        report.addEach("tokenizer", Machine.loadedLibraries("tokenizers"));
    }

    private void speed(Report report, String label, Backend backend) {
        try (Ops ops = backend.open(threads)) {
            report.add(label, ops.description().replaceFirst("^" + label + ": ", ""));
            DeviceSpeed speed = DeviceSpeed.of(ops);
            report.add(
                    "",
                    "products of %s x %s: %sFLOP/s".formatted(
                            Report.number(speed.size()), Report.number(speed.size()), scaled(speed.productFlops())));
            report.add("", "copies in its memory: " + scaled(speed.copyBytes()) + "B/s, read and written");
            if (backend.hasDeviceMemory()) {
                report.add(
                        "",
                        "to the device %sB/s, back %sB/s".formatted(
                                scaled(speed.uploadBytes()), scaled(speed.downloadBytes())));
                report.addEach("", Machine.loadedLibraries("cuda", "cublas", "nvidia", "JC"));
            }
        }
    }

    private static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / 0x1p30);
    }

    /** Three digits and the prefix of the unit: 1.23 T. */
    static String scaled(double perSecond) {
        double value = perSecond;
        String prefix = "";
        for (String next : List.of("k", "M", "G", "T", "P")) {
            if (value < 1000) {
                break;
            }
            value /= 1000;
            prefix = next;
        }
        int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + decimals + "f %s", value, prefix);
    }
}
