package io.github.jalign.cli;

import io.github.jalign.train.Progress;
import io.github.jalign.train.TrainListener;
import io.github.jalign.train.TrainResult;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shows a run: on a terminal one line that rewrites itself, elsewhere a line for each log entry. Ctrl-C and SIGTERM end
 * the run after the step at hand, with a checkpoint.
 */
final class TrainConsole implements TrainListener {
    /** Makes every point of the run a line of its own, for tests that kill the process there. */
    private static final String EVENTS = "jalign.events";
    /** How long a save may take after Ctrl-C before the process ends all the same. */
    private static final long SAVE_SECONDS = 120;

    /** The exit code of shells for a program that Ctrl-C ended. */
    private static final int INTERRUPTED = 130;

    private final PrintWriter out;
    private final boolean terminal;
    private final boolean events = Boolean.getBoolean(EVENTS);
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean cancelled;
    private @Nullable Progress last;
    private final ProgressLine status;

    TrainConsole(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
        this.status = new ProgressLine(out, terminal);
    }

    /**
     * Runs a training with this console listening, stopping it gently when the process is asked to end.
     *
     * @return the command's exit code
     */
    int follow(Supplier<TrainResult> training) {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "jalign-stop"));
        try {
            return report(training.get());
        } finally {
            end();
            finished.countDown();
        }
    }

    private int report(TrainResult result) {
        if (!result.finished()) {
            say("stopped after step %,d; go on with the same command and --resume_from_checkpoint=true"
                    .formatted(result.steps()));
            return INTERRUPTED;
        }
        say("model        " + result.output());
        say("metrics      " + result.output().resolve("metrics.jsonl"));
        say("next         jalign generate " + result.output() + " --prompt \"…\"");
        return 0;
    }

    private void stop() {
        cancelled = true;
        try {
            if (!finished.await(SAVE_SECONDS, TimeUnit.SECONDS)) {
                say("the run did not stop in time; the newest checkpoint is complete");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void started(List<String> lines) {
        lines.forEach(this::say);
    }

    @Override
    public void warned(String message) {
        say("warning: " + message);
    }

    @Override
    public void said(String message) {
        say(message);
    }

    @Override
    public void scored(String split, int done, int rows) {
        show("reference log-probs (%s) %,d of %,d rows".formatted(split, done, rows));
        reached("reference " + split + " " + done);
    }

    @Override
    public void stepped(Progress progress) {
        last = progress;
        show(line(progress));
        reached("step " + progress.step() + " done");
    }

    @Override
    public void logged(Map<String, @Nullable Object> entry) {
        if (entry.containsKey("eval_loss")) {
            say(String.format(
                    Locale.ROOT,
                    "evaluation   step %s: loss %.4f%s",
                    entry.get("step"), number(entry, "eval_loss"), preferences(entry, "eval_")));
        } else if (entry.containsKey("train_runtime")) {
            say(String.format(
                    Locale.ROOT,
                    "trained      %.1f s, %.3f rows/s, mean loss %.4f, peak memory %.2f GiB",
                    number(entry, "train_runtime"),
                    number(entry, "train_samples_per_second"),
                    number(entry, "train_loss"),
                    Machine.peakResidentBytes() / 0x1p30));
        } else if (!terminal && last != null) {
            say(line(last));
        }
    }

    private static String preferences(Map<String, @Nullable Object> entry, String prefix) {
        return entry.containsKey(prefix + "rewards/margins")
                ? String.format(
                        Locale.ROOT,
                        ", margin %.3f, accuracy %.3f",
                        number(entry, prefix + "rewards/margins"),
                        number(entry, prefix + "rewards/accuracies"))
                : "";
    }

    private static double number(Map<String, @Nullable Object> entry, String key) {
        return entry.get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
    }

    private static String line(Progress p) {
        int digits = String.valueOf(p.totalSteps()).length();
        StringBuilder text = new StringBuilder(
                String.format(Locale.ROOT, "step %" + digits + "d/%d  loss %.4f", p.step(), p.totalSteps(), p.loss()));
        @Nullable Double margin = p.metrics().get("rewards/margins");
        @Nullable Double accuracy = p.metrics().get("rewards/accuracies");
        if (margin != null && accuracy != null) {
            text.append(String.format(Locale.ROOT, "  margin %6.3f  accuracy %.2f", margin, accuracy));
        }
        return text.append(String.format(
                        Locale.ROOT, "  %,.0f tokens/s  %s left", p.tokensPerSecond(), duration(p.secondsLeft())))
                .toString();
    }

    private static String duration(double seconds) {
        long s = Math.round(seconds);
        return s < 60 ? s + "s" : s < 3600 ? s / 60 + "m" + s % 60 + "s" : s / 3600 + "h" + s % 3600 / 60 + "m";
    }

    @Override
    public void reached(String point) {
        if (events) {
            say("event: " + point);
        }
    }

    @Override
    public boolean cancelled() {
        return cancelled;
    }

    private synchronized void say(String line) {
        status.end();
        out.println(line);
        out.flush();
    }

    private synchronized void show(String text) {
        status.show(text);
    }

    private synchronized void end() {
        status.end();
    }
}
