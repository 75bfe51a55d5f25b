// A grid's way through the packs of a matrix: every thread of the grid takes the next one in turn.
#pragma once

#include "types.cuh"

/// Visits the packs of N columns of a [rows, cols] matrix row by row, for any grid. Divides twice a thread, not once a
/// pack.
///
///     for (Walk<N> at(rows, cols); at.inside(); at.next()) { … at.row, at.col(), at.count() … }
template <int N>
struct Walk {
    long long row, rows;
    long long pack, packs; // of the row
    long long cols;
    long long rowStep, packStep;

    __device__ __forceinline__ Walk(long long rows, long long cols)
        : rows(rows), packs((cols + N - 1) / N), cols(cols) {
        long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
        long long step = (long long)gridDim.x * blockDim.x;
        row = packs > 0 ? first / packs : rows;
        pack = first - row * packs;
        rowStep = packs > 0 ? step / packs : 1;
        packStep = step - rowStep * packs;
    }

    __device__ __forceinline__ bool inside() const { return row < rows; }

    __device__ __forceinline__ void next() {
        row += rowStep;
        pack += packStep;
        if (pack >= packs) {
            pack -= packs;
            row++;
        }
    }

    /// First column of the pack.
    __device__ __forceinline__ long long col() const { return pack * N; }

    /// Columns of the pack that exist, N or fewer.
    __device__ __forceinline__ int count() const {
        long long left = cols - pack * N;
        return left < N ? (int)left : N;
    }
};
