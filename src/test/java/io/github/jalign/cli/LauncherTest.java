package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher with JDKs and a Maven of straw: which Java it takes, when it builds, what it passes on. */
class LauncherTest {
    @TempDir
    private Path folder = Path.of("");

    private Path launcher = Path.of("");

    @BeforeEach
    void copyTheLauncher() throws IOException {
        Path home = Files.createDirectory(folder.resolve("a checkout"));
        launcher = Files.copy(Path.of("jalign"), home.resolve("jalign"));
        assertTrue(launcher.toFile().setExecutable(true));
    }

    private record Run(int exitCode, String out, String err) {}

    private Run run(Map<String, String> environment, Path command, String... args) throws Exception {
        List<String> words = new ArrayList<>(List.of(command.toString()));
        words.addAll(List.of(args));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(Path.of("/").toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        Map<String, String> variables = builder.environment();
        String path = variables.getOrDefault("PATH", "");
        variables.clear();
        variables.put("PATH", path);
        variables.put("HOME", folder.toString());
        environment.forEach((name, value) -> variables.put(name, value.replace("$PATH", path)));
        int exitCode = builder.start().waitFor();
        return new Run(exitCode, Files.readString(out), Files.readString(err));
    }

    /** A folder that looks like a JDK; its java prints its name and words. */
    private Path jdk(String name, String version) throws IOException {
        Path home = folder.resolve(name);
        script(home.resolve("bin/java"), "echo \"" + name + "\"; printf '%s\\n' \"$@\"");
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private static void script(Path file, String body) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, ("#!/bin/sh\n" + body + "\n").getBytes(StandardCharsets.UTF_8));
        assertTrue(file.toFile().setExecutable(true));
    }

    private static String first(String text) {
        return text.lines().findFirst().orElse("");
    }

    @Test
    void theWordsAndTheFlagsReachJava() throws Exception {
        Path java = jdk("jdk", "25.0.1");
        Run run = run(
                Map.of("JALIGN_JAVA_HOME", java.toString(), "JALIGN_JAVA_OPTS", "-Xmx1g -ea"),
                launcher,
                "dpo",
                "a recipe.yaml",
                "--run_name=a b");

        assertEquals(0, run.exitCode(), run.err());
        assertEquals(
                """
                jdk
                -XX:+UseSerialGC
                -Xms64m
                --add-modules
                jdk.incubator.vector
                -Dorg.slf4j.simpleLogger.defaultLogLevel=warn
                -Xmx1g
                -ea
                -jar
                %s
                dpo
                a recipe.yaml
                --run_name=a b
                """
                        .formatted(launcher.toRealPath().resolveSibling("jalign.jar")),
                run.out());
    }

    @Test
    void theNearestJavaThatIsNewEnoughIsTaken() throws Exception {
        Path old = jdk("old", "24.0.2");
        Path named = jdk("named", "25");
        Path onPath = jdk("on path", "26-ea");
        jdk(".jdks/of the user", "25.0.1");
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("PATH", old + "/bin:" + onPath + "/bin:$PATH");
        environment.put("JAVA_HOME", named.toString());

        assertEquals("named", first(run(environment, launcher).out()));
        environment.put("JAVA_HOME", old.toString());
        assertEquals("on path", first(run(environment, launcher).out()), "the second java on PATH");
        environment.put("JALIGN_JAVA_HOME", named.toString());
        assertEquals("named", first(run(environment, launcher).out()));
    }

    @Test
    void aJavaOnPathIsFollowedThroughLinks() throws Exception {
        Path home = jdk("linked", "25");
        Path alternatives = Files.createDirectories(folder.resolve("etc"));
        Files.createSymbolicLink(alternatives.resolve("java"), Path.of("../linked/bin/java"));
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("java"), alternatives.resolve("java"));
        Files.delete(home.resolve("release"));
        script(home.resolve("bin/java"), "[ \"$1\" = -version ] && echo 'openjdk version \"25.0.1\"' >&2 || echo linked");

        assertEquals("linked", first(run(Map.of("PATH", bin + ":$PATH"), launcher).out()));
    }

    @Test
    void aNamedJavaThatIsTooOldIsRefusedInOneLine() throws Exception {
        Path old = jdk("old", "1.8.0_402");
        Run run = run(Map.of("JALIGN_JAVA_HOME", old.toString()), launcher);

        assertEquals(1, run.exitCode());
        assertEquals(
                "jalign: JALIGN_JAVA_HOME=" + old + " holds no Java 25 or newer; correct it or unset it\n", run.err());
    }

    @Test
    void linksToTheLauncherLeadHome() throws Exception {
        Path java = jdk("jdk", "25");
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("a checkout/jalign"));
        Path second = Files.createSymbolicLink(folder.resolve("second"), link);
        Run run = run(Map.of("JALIGN_JAVA_HOME", java.toString(), "CDPATH", folder.toString()), second, "--version");

        assertTrue(run.out().contains(launcher.toRealPath().resolveSibling("jalign.jar") + "\n--version\n"), run.out());
    }

    @Test
    void aCheckoutIsBuiltWhenItsJarIsMissingOrOlderThanItsSources() throws Exception {
        Path checkout = launcher.getParent();
        Path source = checkout.resolve("src/main/java/A.java");
        Files.createDirectories(source.getParent());
        Files.writeString(source, "class A {}");
        Files.writeString(checkout.resolve("pom.xml"), "<project/>");
        Path tools = folder.resolve("tools");
        script(tools.resolve("mvn"), "echo built; mkdir -p target/lib && : > target/jalign.jar");
        Path java = jdk("jdk", "25");
        Map<String, String> environment =
                Map.of("JALIGN_JAVA_HOME", java.toString(), "PATH", tools + ":$PATH");

        String building = "jalign: building\nbuilt\n";
        assertEquals(building, run(environment, launcher).err(), "nothing is there");
        assertEquals("", run(environment, launcher).err(), "all is there");
        Files.delete(checkout.resolve("target/jalign.jar"));
        assertEquals(building, run(environment, launcher).err(), "the jar is gone");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(3600)));
        assertEquals(building, run(environment, launcher).err(), "a source is newer");
    }

    @Test
    void aBuildThatFailsSaysHowToSeeWhy() throws Exception {
        Path checkout = launcher.getParent();
        Files.createDirectories(checkout.resolve("src/main"));
        Files.writeString(checkout.resolve("pom.xml"), "<project/>");
        Path tools = folder.resolve("tools");
        script(tools.resolve("mvn"), "exit 1");
        Path java = jdk("jdk", "25");
        Run run = run(Map.of("JALIGN_JAVA_HOME", java.toString(), "PATH", tools + ":$PATH"), launcher);

        assertEquals(1, run.exitCode());
        assertEquals(
                "jalign: building\njalign: the build failed; 'mvn -DskipTests package' in " + checkout.toRealPath()
                        + " says why\n",
                run.err());
    }
}
