package io.github.jalign.data;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One of the files that a split was cut into: {@code train-00000-of-00002}, whatever follows.
 *
 * @param stem all that stands before the number
 */
record Shard(@Nullable Path folder, String stem, int index, int total) {
    private static final Pattern NAME = Pattern.compile("(?<stem>.*-)(?<index>\\d{5})-of-(?<total>\\d{5})\\D.*");

    private static Optional<Shard> of(Path file) {
        Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
        if (!name.matches()) {
            return Optional.empty();
        }
        int index = Integer.parseInt(name.group("index"));
        int total = Integer.parseInt(name.group("total"));
        return index < total
                ? Optional.of(new Shard(file.getParent(), name.group("stem"), index, total))
                : Optional.empty();
    }

    /** One that the others imply and that is not among them: in a ring with a gap, one is the next of another. */
    static Optional<Shard> missing(List<Path> files) {
        Set<Shard> all = new HashSet<>();
        files.forEach(file -> of(file).ifPresent(all::add));
        return all.stream()
                .map(shard -> shard.at((shard.index + 1) % shard.total))
                .filter(next -> !all.contains(next))
                .min(Comparator.comparingInt(Shard::index));
    }

    /** Another of the same split. */
    Shard at(int other) {
        return new Shard(folder, stem, other, total);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s%05d-of-%05d", stem, index, total);
    }
}
