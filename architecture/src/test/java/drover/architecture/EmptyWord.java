package drover.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.regex.Pattern;

/// Holds for a class with one of the words in its name or its package's.
final class EmptyWord extends ArchCondition<JavaClass> {
    private final Pattern words;

    EmptyWord(Pattern words) {
        super("have one of " + words + " in its name");
        this.words = words;
    }

    @Override
    public void check(JavaClass type, ConditionEvents events) {
        boolean found = words.matcher(type.getName()).find();
        events.add(
                new SimpleConditionEvent(type, found, type.getName() + (found ? " has" : " has not") + " such a word"));
    }
}
