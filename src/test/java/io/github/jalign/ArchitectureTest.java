package io.github.jalign;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The rules of the house, each with its reason; ARCHITECTURE.md has the table they keep. */
final class ArchitectureTest {
    private static final String ROOT = "io.github.jalign";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    /** Room to the rooms it may name; transitive through {@link #reachable}. */
    private static final Map<String, List<String>> MAY_USE = table();

    private static Map<String, List<String>> table() {
        Map<String, List<String>> t = new LinkedHashMap<>();
        t.put("errors", List.of());
        t.put("json", List.of("errors"));
        t.put("tensor", List.of("errors"));
        t.put("ops", List.of("tensor"));
        t.put("checkpoint", List.of("tensor", "json"));
        t.put("model", List.of("ops", "checkpoint"));
        t.put("text", List.of("json"));
        t.put("data", List.of("text", "ops"));
        t.put("loss", List.of());
        t.put("optim", List.of("ops"));
        t.put("train", List.of("model", "text", "data", "loss", "optim"));
        t.put("recipe", List.of("train"));
        t.put("generate", List.of("model", "text", "data"));
        t.put("quickstart", List.of("checkpoint", "model", "text", "data"));
        t.put("convert", List.of("model", "text"));
        t.put("cli", List.of("recipe", "generate", "quickstart", "convert"));
        return t;
    }

    private static Set<String> reachable(String room) {
        Set<String> all = new HashSet<>(List.of(room, "errors"));
        for (String next : MAY_USE.get(room)) {
            all.addAll(reachable(next));
        }
        return all;
    }

    private static String room(JavaClass c) {
        String name = c.getPackageName();
        if (!name.startsWith(ROOT + ".")) {
            return "";
        }
        String rest = name.substring(ROOT.length() + 1);
        int dot = rest.indexOf('.');
        return dot < 0 ? rest : rest.substring(0, dot);
    }

    private static DescribedPredicate<JavaClass> inRooms(Set<String> rooms) {
        return new DescribedPredicate<>("in one of " + rooms) {
            @Override
            public boolean test(JavaClass c) {
                return rooms.contains(room(c));
            }
        };
    }

    @Test
    void everyRoomStandsInTheTable() {
        Set<String> rooms = new TreeSet<>();
        CLASSES.forEach(c -> rooms.add(room(c)));
        rooms.remove("");
        assertEquals(new TreeSet<>(MAY_USE.keySet()), rooms);
    }

    @Test
    void arrowsFollowTheTable() {
        for (String room : MAY_USE.keySet()) {
            Set<String> forbidden = new TreeSet<>(MAY_USE.keySet());
            forbidden.removeAll(reachable(room));
            noClasses()
                    .that(inRooms(Set.of(room)))
                    .should()
                    .dependOnClassesThat(inRooms(forbidden))
                    .because("ARCHITECTURE.md says what " + room + " may use")
                    .allowEmptyShould(true)
                    .check(CLASSES);
        }
    }

    @Test
    void theFacadeStandsOnTopBesideTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT)
                .because("the root package is jalign as a library; no room needs it")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage(ROOT)
                .should()
                .dependOnClassesThat(inRooms(Set.of("cli", "quickstart")))
                .because("a program that embeds jalign has no command line")
                .check(CLASSES);
    }

    @Test
    void roomsFormNoCycle() {
        slices().matching(ROOT + ".(*)..")
                .should()
                .beFreeOfCycles()
                .because("a room must be readable before the rooms above it")
                .check(CLASSES);
    }

    @Test
    void backendsNeverSeeEachOther() {
        List<String> backends = List.of("reference", "cpu", "cuda");
        for (String backend : backends) {
            for (String other : backends) {
                if (!backend.equals(other)) {
                    noClasses()
                            .that()
                            .resideInAPackage(ROOT + ".ops." + backend + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAPackage(ROOT + ".ops." + other + "..")
                            .because("each backend is judged by the interface alone")
                            .check(CLASSES);
                }
            }
        }
    }

    @Test
    void onlyBackendNamesABackend() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".ops.cpu..", ROOT + ".ops.cuda..", ROOT + ".ops.reference..")
                .and()
                .doNotHaveFullyQualifiedName(ROOT + ".ops.Backend")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".ops.cpu..", ROOT + ".ops.cuda..", ROOT + ".ops.reference..")
                .because("a backend is chosen in one place")
                .check(CLASSES);
    }

    @Test
    void onlyTheCpuBackendUsesTheVectorApi() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".ops.cpu..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .because("the Vector API is an incubator module and may move")
                .check(CLASSES);
    }

    @Test
    void onlyTheCudaBackendUsesJCuda() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".ops.cuda..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jcuda..")
                .because("JCuda's classes fail for good when there is no driver")
                .check(CLASSES);
    }

    @Test
    void onlyBackendsHoldNativeHandles() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".ops.cpu..", ROOT + ".ops.cuda..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .because("native calls stay behind Ops")
                .check(CLASSES);
    }

    @Test
    void onlyTextKnowsDjl() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".text..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.djl..")
                .because("DJL truncates by default and asks the network for names; one class pins its options")
                .check(CLASSES);
    }

    @Test
    void onlyRecipeParsesYaml() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".recipe..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.snakeyaml..")
                .because("every accepted key stands in one table")
                .check(CLASSES);
    }

    @Test
    void onlyJsonTouchesJackson() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".json..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("tools.jackson..")
                .because("all JSON is read alike: strict, duplicate names refused")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLinePrintsOrExits() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".cli..")
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .because("jalign is a library inside services")
                .check(CLASSES);
    }

    @Test
    void nothingUsesReflection() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.reflect..")
                .because("what runs must be visible in the code")
                .check(CLASSES);
    }

    @Test
    void noStaticMutableState() {
        fields().that()
                .areStatic()
                .and()
                .areDeclaredInClassesThat()
                .resideInAPackage(ROOT + "..")
                .should(beFinal())
                .because("two models live in one JVM")
                .check(CLASSES);
    }

    private static ArchCondition<JavaField> beFinal() {
        return new ArchCondition<>("be final") {
            @Override
            public void check(JavaField field, ConditionEvents events) {
                boolean ok = field.getModifiers().contains(JavaModifier.FINAL)
                        || field.getModifiers().contains(JavaModifier.SYNTHETIC);
                events.add(new SimpleConditionEvent(field, ok, field.getFullName() + " is static and not final"));
            }
        };
    }

    @Test
    void namesSayWhatThingsAre() {
        Collection<String> forbidden = Arrays.asList("Manager", "Util", "Utils", "Helper", "Impl");
        CLASSES.forEach(c -> forbidden.forEach(ending -> {
            if (c.getSimpleName().endsWith(ending)) {
                throw new AssertionError(c.getName() + " ends in " + ending);
            }
        }));
    }
}
