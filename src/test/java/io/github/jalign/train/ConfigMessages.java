package io.github.jalign.train;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;

/** What a program that builds configuration records can get wrong, and every word that jalign then says. */
public final class ConfigMessages {
    private ConfigMessages() {}

    public static List<MessageCase> cases() {
        return List.of(
                usage("an empty batch", () -> new Batches(0, 8, 1, false, -1, 3), """
                        per_device_train_batch_size: the setting is out of range
                          found     0
                          expected  a whole number, at least 1
                          do        set per_device_train_batch_size to a value in that range"""),
                usage("no epochs", () -> new Batches(8, 8, 1, false, -1, 0), """
                        num_train_epochs: the setting is out of range
                          found     0.0
                          expected  a finite number above 0
                          do        set num_train_epochs to a value in that range"""),
                usage("epochs without end", () -> new Batches(8, 8, 1, false, -1, Double.POSITIVE_INFINITY), """
                        num_train_epochs: the setting is out of range
                          found     Infinity
                          expected  a finite number above 0
                          do        set num_train_epochs to a value in that range"""),
                usage("a learning rate that is no number", () -> optimizer(Double.NaN, 0.9), """
                        learning_rate: the setting is out of range
                          found     NaN
                          expected  a finite number, at least 0
                          do        set learning_rate to a value in that range"""),
                usage("moments that never decay", () -> optimizer(1e-6, 1.0), """
                        adam_beta1: the setting is out of range
                          found     1.0
                          expected  a number from 0 up to but not including 1
                          do        set adam_beta1 to a value in that range"""),
                usage("half a step", () -> new StepCount(1.5), """
                        a number of steps: steps are a count, or a ratio of the run's steps when below 1
                          found     1.5
                          expected  a whole number, or a ratio from 0 up to but not including 1
                          do        round the number, or give a ratio"""),
                usage("logging at step 0", () -> reporting(new StepCount(0), null), """
                        logging_steps: the setting is out of range
                          found     0.0
                          expected  a finite number above 0
                          do        set logging_steps to a value in that range"""),
                usage("no checkpoint to keep", () -> reporting(new StepCount(1), 0), """
                        save_total_limit: the setting is out of range
                          found     0
                          expected  a whole number, at least 1
                          do        set save_total_limit to a value in that range"""),
                usage("float16", () -> new Compute(Device.CPU, Precision.FLOAT16, Precision.FLOAT32, 0, null, null), """
                        dtype: training in float16 needs loss scaling, which jalign does not have
                          found     float16
                          expected  float32 or bfloat16
                          do        set dtype: bfloat16, which has float32's range"""),
                usage("a weight without end", () -> new WeightedLoss(LossType.SIGMOID, Double.NEGATIVE_INFINITY), """
                        loss_weights: the setting is out of range
                          found     -Infinity
                          expected  a finite number
                          do        set loss_weights to a value in that range"""),
                usage("no model", () -> run(" "), """
                        model_name_or_path: the setting must not be empty
                          found     " "
                          expected  a name or a path
                          do        give model_name_or_path a value"""));
    }

    private static MessageCase usage(String name, Executable action, String message) {
        return new MessageCase(name, action, JalignException.Kind.USAGE, message);
    }

    private static Optimizer optimizer(double learningRate, double beta1) {
        return new Optimizer(learningRate, SchedulerType.LINEAR, new StepCount(0), 0, beta1, 0.999, 1e-8, 1);
    }

    private static Reporting reporting(StepCount loggingSteps, @Nullable Integer saveTotalLimit) {
        return new Reporting(
                loggingSteps, false, EvalStrategy.NO, null, SaveStrategy.NO, new StepCount(500), saveTotalLimit);
    }

    private static RunConfig run(String model) {
        return new RunConfig(
                model,
                null,
                Path.of("out"),
                new Dialect(Compat.TRL_1, "it is the default"),
                42,
                null,
                null,
                new Compute(Device.CPU, null, Precision.FLOAT32, 0, null, null),
                new Batches(8, 8, 1, false, -1, 3),
                optimizer(1e-6, 0.9),
                reporting(new StepCount(10), null),
                new Resume.FromStart());
    }
}
