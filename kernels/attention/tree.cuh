// The tree of segments as kernels walk it: which keys a tile of queries meets, which queries a tile of keys.
#pragma once

#include "../common/types.cuh"

/// One row of the table of segments: the tree as ops/Segments has it.
struct Segment {
    int start, length, parent;
    int position; // of its first token: the parent's length

    __device__ __forceinline__ Segment(const int* table, int index)
        : start(table[4 * index]), length(table[4 * index + 1]), parent(table[4 * index + 2]),
          position(table[4 * index + 3]) {}
};

/// A run of keys of one segment.
struct KeyTile {
    int row;      // first token
    int rows;     // tokens that exist
    int position; // of the first
    int highest;  // position that any query sees in this segment
};

/// The keys of a tile of queries, N at a time: the parent's from its start, then the segment's own up to the diagonal.
template <int N>
struct KeyTiles {
    int parentStart, parentLength, parentFirst, parentTiles;
    int start, position, end, first;
    int count;

    /// Queries [row, row + rows) of a segment; window as in ops/AttentionShape.
    __device__ __forceinline__ KeyTiles(const int* segments, Segment segment, int row, int rows, int window)
        : parentStart(0), parentLength(segment.position), start(segment.start), position(segment.position),
          end(row + rows) {
        int lowest = window > 0 ? max(0, position + row - window + 1) : 0;
        if (segment.parent >= 0) {
            parentStart = segments[4 * segment.parent];
        }
        parentFirst = min(lowest, parentLength) / N;
        parentTiles = (parentLength + N - 1) / N - parentFirst;
        first = max(lowest - position, 0) / N;
        count = parentTiles + (end + N - 1) / N - first;
    }

    __device__ __forceinline__ KeyTile operator[](int i) const {
        bool parents = i < parentTiles;
        int at = (parents ? parentFirst + i : first + i - parentTiles) * N;
        KeyTile tile;
        tile.row = (parents ? parentStart : start) + at;
        tile.rows = min(N, (parents ? parentLength : end) - at);
        tile.position = parents ? at : position + at;
        tile.highest = parents ? parentLength - 1 : INT32_MAX;
        return tile;
    }
};

/// The queries of a warp against the keys of a tile. A key is seen if low(query) <= position <= high(query).
struct Sight {
    int first, last; // positions of the warp's queries
    int window;

    __device__ __forceinline__ int low(int query) const { return window > 0 ? query - window + 1 : 0; }

    /// Whether any query of the warp sees a key of the tile.
    __device__ __forceinline__ bool any(const KeyTile& keys) const {
        return first <= last && keys.position <= last && keys.position + keys.rows > low(first);
    }

    /// Whether all see all N keys.
    template <int N>
    __device__ __forceinline__ bool all(const KeyTile& keys) const {
        return keys.position + N - 1 <= min(first, keys.highest) && keys.position >= low(last);
    }
};

/// A run of queries of one segment and one head.
struct QueryTile {
    int row;      // first token
    int rows;     // tokens that exist
    int position; // of the first
    int head;
};

/// The keys of a warp against the queries of a tile. A query sees a key if key <= position(query) <= high(key).
struct KeySight {
    int first, last; // positions of the warp's keys
    int window;

    __device__ __forceinline__ int high(int key) const { return window > 0 ? key + window - 1 : INT32_MAX; }

    /// Whether any query of the tile sees a key of the warp.
    __device__ __forceinline__ bool any(const QueryTile& queries) const {
        return first <= last && first < queries.position + queries.rows && queries.position <= high(last);
    }

    /// Whether all that exist see all that exist.
    __device__ __forceinline__ bool all(const QueryTile& queries) const {
        return last <= queries.position && queries.position + queries.rows - 1 <= high(first);
    }
};

/// The queries that may see a tile of keys, N at a time: head by head those of the segment itself from the diagonal on,
/// then those of its children in order.
template <int N>
struct QueryTiles {
    const int* segments;
    const int* children;
    int firstKey, lastKey; // positions of the keys
    int window;
    int childFrom, childTo, lastHead;
    Segment own;
    int ownFirst;
    // the walk
    int head, child, row, end;
    int start, position; // of the segment that the queries are of

    /// Keys [key, key + keys) of segment `index`; heads [head, head + count).
    __device__ __forceinline__ QueryTiles(
            const int* segments, const int* childrenFrom, const int* children, int index, int key, int keys, int head,
            int count, int window)
        : segments(segments), children(children), window(window), childFrom(childrenFrom[index]),
          childTo(childrenFrom[index + 1]), lastHead(head + count - 1), own(segments, index), ownFirst(key), head(head) {
        firstKey = own.position + key;
        lastKey = firstKey + keys - 1;
        enter(own, ownFirst);
        child = childFrom - 1;
    }

    __device__ __forceinline__ void enter(const Segment& segment, int first) {
        start = segment.start;
        position = segment.position;
        row = first;
        end = window > 0 ? min(segment.length, lastKey + window - position) : segment.length;
    }

    /// Moves on; false behind the last tile.
    __device__ __forceinline__ bool next() {
        row += N;
        while (row >= end) {
            child++;
            if (child < childTo) {
                enter(Segment(segments, children[child]), 0);
            } else if (head < lastHead) {
                head++;
                child = childFrom - 1;
                enter(own, ownFirst);
            } else {
                return false;
            }
        }
        return true;
    }

    __device__ __forceinline__ QueryTile tile() const {
        return QueryTile{start + row, min(N, end - row), position + row, head};
    }
};
