package io.github.jalign.cli;

import io.github.jalign.data.Task;
import io.github.jalign.train.Optimizer;
import io.github.jalign.train.Reporting;
import io.github.jalign.train.RunConfig;
import io.github.jalign.train.RunPlan;
import io.github.jalign.train.SchedulerType;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a run does beside its steps: when it logs, evaluates and saves, and where to. */
final class PlanReport {
    private PlanReport() {}

    static void add(Report report, RunPlan plan, RunConfig run, Task task) {
        int steps = plan.steps().totalSteps();
        Optimizer optimizer = run.optimizer();
        int warmup = optimizer.lrSchedulerType() == SchedulerType.CONSTANT ? 0 : optimizer.warmupSteps().in(steps);
        report.add(
                "optimiser",
                "AdamW, learning rate up to %s, %s, %s, gradients clipped to %s"
                        .formatted(
                                Report.number(optimizer.learningRate()),
                                optimizer.lrSchedulerType().spelling(),
                                warmup == 0 ? "no warm-up" : Report.number(warmup) + " steps of warm-up",
                                Report.number(optimizer.maxGradNorm())));
        if (task == Task.DPO) {
            int rows = plan.dataset().train().size() + plan.dataset().eval().size();
            report.add(
                    "first",
                    "the reference scores " + Report.number(rows) + " pairs, unless their log-probs are in the cache");
        }
        Reporting when = run.reporting();
        report.add("logs", "every " + Report.number(when.loggingSteps().in(steps)) + " steps");
        report.add("evaluates", evaluates(plan, when, steps));
        report.add("checkpoints", checkpoints(when, steps));
        Path output = run.outputDir();
        String replaced = Files.exists(output) ? ", which exists: files of the same name are replaced" : "";
        report.add("writes", output + replaced);
    }

    private static String evaluates(RunPlan plan, Reporting when, int steps) {
        String rows = Report.number(plan.dataset().eval().size()) + " rows ";
        return switch (when.evalStrategy()) {
            case NO -> "nothing";
            case STEPS ->
                rows + "every "
                        + Report.number(when.evaluationSteps().in(steps))
                        + " steps and after the last";
            case EPOCH -> rows + "after every epoch";
        };
    }

    private static String checkpoints(Reporting when, int steps) {
        String kept = when.saveTotalLimit() == null ? "" : ", the newest " + when.saveTotalLimit() + " are kept";
        return switch (when.saveStrategy()) {
            case NO -> "none";
            case STEPS -> "every " + Report.number(when.saveSteps().in(steps)) + " steps and after the last" + kept;
            case EPOCH -> "after every epoch" + kept;
        };
    }
}
