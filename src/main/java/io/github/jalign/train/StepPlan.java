package io.github.jalign.train;

import io.github.jalign.data.Order;
import java.util.ArrayList;
import java.util.List;

/**
 * Which rows each optimiser step sees, as transformers 5 and accelerate draw them: epoch e visits the rows in
 * {@code torch.randperm} order of seed + e; a loss group is {@code per_device_train_batch_size} of them, a step
 * {@code gradient_accumulation_steps} groups, and the last group and step of an epoch may be short.
 */
public final class StepPlan {
    private final int rows;
    private final Batches batches;
    private final long seed;
    private final int groupsPerEpoch;
    private final int stepsPerEpoch;
    private final int totalSteps;
    private int orderedEpoch = -1;
    private int[] order = {};

    /**
     * @param rows how many there are to train on, at least 1
     * @param seed of the order
     */
    public StepPlan(int rows, Batches batches, long seed) {
        this.rows = rows;
        this.batches = batches;
        this.seed = seed;
        int size = batches.perDeviceTrainBatchSize();
        this.groupsPerEpoch = batches.dataloaderDropLast() ? rows / size : (rows + size - 1) / size;
        int window = batches.gradientAccumulationSteps();
        this.stepsPerEpoch = Math.max((groupsPerEpoch + window - 1) / window, 1);
        this.totalSteps = batches.maxSteps() > 0
                ? batches.maxSteps()
                : (int) Math.ceil(batches.numTrainEpochs() * stepsPerEpoch);
    }

    /** Loss groups in one pass over the rows; 0 when {@code dataloader_drop_last} leaves none. */
    public int groupsPerEpoch() {
        return groupsPerEpoch;
    }

    public int stepsPerEpoch() {
        return stepsPerEpoch;
    }

    public int totalSteps() {
        return totalSteps;
    }

    /** The epoch, counted from 0, that a step belongs to. */
    public int epochOf(int step) {
        return step / stepsPerEpoch;
    }

    /** Whether a step is the last of its epoch. */
    public boolean endsEpoch(int step) {
        return (step + 1) % stepsPerEpoch == 0;
    }

    /** Epochs done after a step, as logs show it: 1.5 in the middle of the second. */
    public double epochAfter(int step) {
        int groups = Math.min((step % stepsPerEpoch + 1) * batches.gradientAccumulationSteps(), groupsPerEpoch);
        return epochOf(step) + groups / (double) groupsPerEpoch;
    }

    /**
     * The loss groups of a step, each a list of row numbers.
     *
     * @param step counted from 0
     */
    public List<List<Integer>> groups(int step) {
        int[] rowsInOrder = order(epochOf(step));
        int size = batches.perDeviceTrainBatchSize();
        int first = step % stepsPerEpoch * batches.gradientAccumulationSteps();
        int end = Math.min(first + batches.gradientAccumulationSteps(), groupsPerEpoch);
        List<List<Integer>> groups = new ArrayList<>();
        for (int g = first; g < end; g++) {
            List<Integer> group = new ArrayList<>();
            for (int i = g * size; i < Math.min((g + 1) * size, rows); i++) {
                group.add(rowsInOrder[i]);
            }
            groups.add(group);
        }
        return groups;
    }

    private int[] order(int epoch) {
        if (epoch != orderedEpoch) {
            order = Order.torchPermutation(rows, seed + epoch);
            orderedEpoch = epoch;
        }
        return order;
    }
}
