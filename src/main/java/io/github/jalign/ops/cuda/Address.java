package io.github.jalign.ops.cuda;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;

/** Raw addresses, host or device, and JCuda's objects for them. */
final class Address {
    private Address() {}

    /** A device allocation that tells its address. */
    static final class Allocated extends CUdeviceptr {
        long address() {
            return getNativePointer();
        }
    }

    /** A device address. */
    static CUdeviceptr device(long address) {
        return new At(address);
    }

    private static final class At extends CUdeviceptr {
        At(long address) {
            super(new Allocated(), address);
        }
    }

    /** A stream that tells its address. */
    static final class Stream extends CUstream {
        long address() {
            return getNativePointer();
        }
    }

    /** Host memory that the driver allocated. */
    static final class Pinned extends Pointer {
        long address() {
            return getNativePointer();
        }
    }

    /** Any address, where JCuda asks for a pointer of no kind. */
    static Pointer raw(long address) {
        return new Raw(address);
    }

    private static final class Raw extends Pointer {
        Raw(long address) {
            super(address);
        }
    }
}
