package io.github.jalign.ops.cuda;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The kernels' modules, one a folder of {@code kernels/}, loaded when first asked for: the fatbin that ships, or what
 * lies in the folder that {@code JALIGN_CUDA_MODULES} names (the emulator's builds).
 */
final class Modules implements AutoCloseable {
    private final Driver driver;
    private final @Nullable Path folder;
    private final String ending;
    private final Map<String, CUmodule> modules = new HashMap<>();
    private final Map<String, Kernel> kernels = new HashMap<>();
    private final Map<String, Kernel> float32 = new HashMap<>();
    private final Map<String, Kernel> bfloat16 = new HashMap<>();

    Modules(Driver driver) {
        this.driver = driver;
        String named = System.getenv("JALIGN_CUDA_MODULES");
        this.folder = named == null || named.isBlank() ? null : Path.of(named);
        this.ending = "1".equals(System.getenv("JALIGN_CUDA_CHECKED")) ? ".chk.so" : ".so";
    }

    /** A kernel by the folder and the name that it has in its source. */
    Kernel kernel(String module, String name) {
        return kernel(kernels, module, name, "");
    }

    /** The instance of a kernel for data of a dtype: its name ends in {@code _f32} or {@code _bf16}. */
    Kernel kernel(String module, String name, DType data) {
        return switch (data) {
            case F32 -> kernel(float32, module, name, "_f32");
            case BF16 -> kernel(bfloat16, module, name, "_bf16");
            default -> throw new IllegalArgumentException("no " + name + " of " + data);
        };
    }

    /** Nothing is allocated for a kernel that was loaded before. */
    private Kernel kernel(Map<String, Kernel> known, String module, String name, String suffix) {
        Kernel kernel = known.get(name);
        if (kernel == null) {
            kernel = load(module, name + suffix);
            known.put(name, kernel);
        }
        return kernel;
    }

    private Kernel load(String module, String name) {
        driver.makeCurrent();
        CUfunction function = new CUfunction();
        Driver.check(
                JCudaDriver.cuModuleGetFunction(function, modules.computeIfAbsent(module, this::loadModule), name),
                "cuModuleGetFunction " + name);
        return new Kernel(name, function);
    }

    private CUmodule loadModule(String name) {
        CUmodule module = new CUmodule();
        Driver.check(JCudaDriver.cuModuleLoadData(module, image(name)), "cuModuleLoadData " + name);
        return module;
    }

    private byte[] image(String name) {
        String where = folder == null ? name + ".fatbin" : folder.resolve(name + ending).toString();
        try (InputStream in = folder == null
                ? Modules.class.getResourceAsStream(where)
                : Files.newInputStream(Path.of(where))) {
            if (in == null) {
                throw missing(where, "not in the jar", null);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw missing(where, String.valueOf(e.getMessage()), e);
        }
    }

    private static JalignException missing(String where, String found, @Nullable Throwable cause) {
        return new JalignException(
                JalignException.Kind.DEVICE,
                where,
                "the kernels of a build must lie beside its classes",
                found,
                "a fatbin made by native/build-fatbin, or a module made by native/build-emulator",
                "build jalign anew, or run with --device=cpu",
                cause);
    }

    /** One kernel, ready to launch. */
    static final class Kernel {
        private final String name;
        private final CUfunction function;
        private int sharedLimit;

        private Kernel(String name, CUfunction function) {
            this.name = name;
            this.function = function;
        }

        String name() {
            return name;
        }

        CUfunction function() {
            return function;
        }

        /** Dynamic shared memory must be asked for once where, with what is static, it may be more than 48 KiB. */
        void allow(int sharedBytes) {
            if (sharedBytes > sharedLimit) {
                Driver.check(
                        JCudaDriver.cuFuncSetAttribute(
                                function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes),
                        "cuFuncSetAttribute " + name, sharedBytes);
                sharedLimit = sharedBytes;
            }
        }
    }

    @Override
    public void close() {
        modules.values().forEach(module -> Driver.check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload"));
        modules.clear();
        kernels.clear();
        float32.clear();
        bfloat16.clear();
    }
}
