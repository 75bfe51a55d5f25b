package io.github.jalign.text.jinja;

import java.time.LocalDateTime;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** C's {@code strftime} in the C locale, as Python uses it, of a time without a zone. */
final class Strftime {
    private static final List<String> DAYS =
            List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");
    private static final List<String> MONTHS = List.of(
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December");

    private Strftime() {}

    static Text format(Run run, LocalDateTime t, String format) {
        StringBuilder out = new StringBuilder();
        run.budget.text(4L * format.length());
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            int at = i + 1;
            char flag = 0;
            while (at < format.length() - 1 && "-_0^#".indexOf(format.charAt(at)) >= 0) {
                flag = format.charAt(at++);
            }
            String field = field(run, t, format.charAt(at));
            out.append(field == null ? format.substring(i, at + 1) : flagged(field, flag));
            i = at;
        }
        return Text.literal(out.toString());
    }

    /** glibc's flags: {@code -} no padding, {@code _} spaces, {@code 0} zeros, {@code ^} upper case. */
    private static String flagged(String field, char flag) {
        boolean number = !field.isEmpty() && (Character.isDigit(field.charAt(0)) || field.charAt(0) == ' ');
        int lead = 0;
        while (number && lead < field.length() - 1 && "0 ".indexOf(field.charAt(lead)) >= 0) {
            lead++;
        }
        return switch (flag) {
            case '-' -> field.substring(lead);
            case '_' -> " ".repeat(lead) + field.substring(lead);
            case '0' -> "0".repeat(lead) + field.substring(lead);
            case '^', '#' -> field.toUpperCase(Locale.ROOT);
            default -> field;
        };
    }

    private static @Nullable String field(Run run, LocalDateTime t, char directive) {
        String day = DAYS.get(t.getDayOfWeek().getValue() - 1);
        String month = MONTHS.get(t.getMonthValue() - 1);
        int hour12 = t.getHour() % 12 == 0 ? 12 : t.getHour() % 12;
        return switch (directive) {
            case 'a' -> day.substring(0, 3);
            case 'A' -> day;
            case 'b', 'h' -> month.substring(0, 3);
            case 'B' -> month;
            case 'c' -> nested(run, t, "%a %b %e %H:%M:%S %Y");
            case 'C' -> two(t.getYear() / 100);
            case 'd' -> two(t.getDayOfMonth());
            case 'D', 'x' -> nested(run, t, "%m/%d/%y");
            case 'e' -> "%2d".formatted(t.getDayOfMonth());
            case 'f' -> "%06d".formatted(t.getNano() / 1000);
            case 'F' -> nested(run, t, "%Y-%m-%d");
            case 'g' -> two(t.get(IsoFields.WEEK_BASED_YEAR) % 100);
            case 'G' -> String.valueOf(t.get(IsoFields.WEEK_BASED_YEAR));
            case 'H' -> two(t.getHour());
            case 'I' -> two(hour12);
            case 'j' -> "%03d".formatted(t.getDayOfYear());
            case 'k' -> "%2d".formatted(t.getHour());
            case 'l' -> "%2d".formatted(hour12);
            case 'm' -> two(t.getMonthValue());
            case 'M' -> two(t.getMinute());
            case 'n' -> "\n";
            case 'p' -> t.getHour() < 12 ? "AM" : "PM";
            case 'P' -> t.getHour() < 12 ? "am" : "pm";
            case 'r' -> nested(run, t, "%I:%M:%S %p");
            case 'R' -> nested(run, t, "%H:%M");
            case 'S' -> two(t.getSecond());
            case 't' -> "\t";
            case 'T', 'X' -> nested(run, t, "%H:%M:%S");
            case 'u' -> String.valueOf(t.getDayOfWeek().getValue());
            case 'U' -> two((t.getDayOfYear() + 6 - t.getDayOfWeek().getValue() % 7) / 7);
            case 'V' -> two(t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case 'w' -> String.valueOf(t.getDayOfWeek().getValue() % 7);
            case 'W' -> two((t.getDayOfYear() + 6 - (t.getDayOfWeek().getValue() + 6) % 7) / 7);
            case 'y' -> two(t.getYear() % 100);
            case 'Y' -> String.valueOf(t.get(ChronoField.YEAR));
            case 'z', 'Z' -> "";
            case '%' -> "%";
            default -> null; // C prints what it does not know
        };
    }

    private static String nested(Run run, LocalDateTime t, String format) {
        return format(run, t, format).string();
    }

    private static String two(int number) {
        return "%02d".formatted(number);
    }
}
