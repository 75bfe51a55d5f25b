package example;

import io.github.jalign.ChatOptions;
import io.github.jalign.LoadOptions;
import io.github.jalign.Message;
import io.github.jalign.Model;
import io.github.jalign.Preference;
import io.github.jalign.Score;
import io.github.jalign.Trainer;
import io.github.jalign.train.Progress;
import io.github.jalign.train.TrainListener;
import io.github.jalign.train.TrainResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A service in small: it answers questions, collects which of two answers people prefer, trains on that, and answers
 * better. Where a real service has people, this one has {@link #prefers}.
 */
public final class FeedbackLoop {
    private static final List<String> TOPICS = List.of(
            "Peru", "Kenya", "Norway", "Japan", "Egypt", "Chile", "Poland", "Cuba", "India", "Italy", "Spain", "France",
            "Greece", "Canada", "Austria", "Iceland");
    private static final int HELD_OUT = 4;
    private static final int MINUTES = 5;

    private FeedbackLoop() {}

    /** @param args a model folder, and a folder to write to */
    public static void main(String[] args) throws IOException {
        Path first = Path.of(args[0]);
        Path work = Files.createDirectories(Path.of(args[1]));
        List<Preference> feedback;
        try (Model model = Model.load(first, LoadOptions.DEFAULT)) {
            ask(model, question("Peru"));
            feedback = collect(model);
        }
        System.out.println(feedback.size() + " preferences collected");

        List<Preference> heldOut = feedback.subList(0, HELD_OUT);
        Path pairs = Files.write(
                work.resolve("feedback.jsonl"),
                feedback.subList(HELD_OUT, feedback.size()).stream().map(Preference::toJson).toList());
        TrainResult result = train(first, pairs, work);
        if (!result.finished()) {
            System.out.println("stopped after step " + result.steps() + "; resume_from_checkpoint goes on");
            return;
        }

        // Both versions at once, as when a service moves from one to the next.
        try (Model before = Model.load(first, LoadOptions.DEFAULT);
                Model after = Model.load(result.output(), LoadOptions.DEFAULT)) {
            System.out.printf(
                    Locale.ROOT,
                    "held-out margin %.2f before, %.2f after%n",
                    margin(before.score(heldOut)),
                    margin(after.score(heldOut)));
            ask(after, question("Peru"));
        }
    }

    private static String question(String topic) {
        return "What is the capital of " + topic + "?";
    }

    /** Shows an answer as it is made. */
    private static void ask(Model model, String question) {
        System.out.println("user: " + question);
        System.out.print("model: ");
        model.stream(List.of(Message.user(question)), ChatOptions.greedy(32), part -> {
            System.out.print(part);
            return true;
        });
        System.out.println();
    }

    /** Draws answers until two of them differ in what people like. */
    private static List<Preference> collect(Model model) {
        ChatOptions warm = ChatOptions.greedy(32).withTemperature(1);
        List<Preference> feedback = new ArrayList<>();
        for (String topic : TOPICS) {
            String question = question(topic);
            String liked = null;
            String disliked = null;
            for (int seed = 0; seed < 16 && (liked == null || disliked == null); seed++) {
                String answer =
                        model.chat(List.of(Message.user(question)), warm.withSeed(seed)).text();
                if (prefers(answer)) {
                    liked = answer;
                } else {
                    disliked = answer;
                }
            }
            if (liked != null && disliked != null) {
                feedback.add(Preference.of(question, liked, disliked));
            }
        }
        return feedback;
    }

    /** People like an answer that says what was asked. */
    private static boolean prefers(String answer) {
        return answer.contains("capital");
    }

    private static TrainResult train(Path model, Path pairs, Path work) {
        Trainer trainer = Trainer.dpo(Map.of(
                "model_name_or_path", model,
                "dataset_name", pairs,
                "output_dir", work.resolve("model"),
                "reference_cache", work.resolve("reference"),
                "per_device_train_batch_size", 4,
                "num_train_epochs", 4,
                "learning_rate", 2e-4,
                "logging_steps", 1,
                "save_strategy", "no"));
        try (ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor()) {
            timer.schedule(trainer::cancel, MINUTES, TimeUnit.MINUTES);
            TrainResult result = trainer.train(new TrainListener() {
                @Override
                public void stepped(Progress p) {
                    System.out.printf(Locale.ROOT, "step %d of %d: loss %.4f%n", p.step(), p.totalSteps(), p.loss());
                }

                @Override
                public void warned(String message) {
                    System.out.println("warning: " + message);
                }
            });
            timer.shutdownNow();
            return result;
        }
    }

    private static double margin(List<Score> scores) {
        return scores.stream().mapToDouble(Score::margin).average().orElseThrow();
    }
}
