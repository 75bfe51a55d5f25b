package io.github.jalign.benchmarks;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the multiply-add units of a core can do, to divide the other figures by: twelve independent chains in registers.
 * Read {@code gflop} as GFLOP/s.
 *
 * <pre>
 * mvn -q -Pbench -DskipTests verify -Djmh="Peak -t 2"
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PeakBenchmark {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int STEPS = 100_000;

    public float factor = 0.5f;

    @Benchmark
    public float multiplyAdd(Work work) {
        FloatVector x = FloatVector.broadcast(S, factor);
        FloatVector y = FloatVector.broadcast(S, 1 - factor);
        FloatVector one = FloatVector.broadcast(S, 1);
        FloatVector a = one, b = one, c = one, d = one, e = one, f = one;
        FloatVector g = one, h = one, i = one, j = one, k = one, l = one;
        for (int n = 0; n < STEPS; n++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
            k = k.fma(x, y);
            l = l.fma(x, y);
        }
        work.gflop += 1e-9 * 2 * 12 * S.length() * STEPS;
        FloatVector sum = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l);
        float result = sum.lane(0);
        if (result != 12) { // each chain stays at its fixed point
            throw new IllegalStateException("a chain ended at " + result);
        }
        return result;
    }
}
