package io.github.jalign.quickstart;

import java.util.List;

/** Everything that the small model talks about. */
final class Kinds {
    private Kinds() {}

    private static final Kind CAPITALS = Kind.of(
            """
            What is the capital of {s}?
            Which city is the capital of {s}?
            Can you tell me the capital of {s}?
            I am going to {s}. What is its capital called?
            Do you know the capital city of {s}?
            What is the name of the capital of {s}?
            """,
            """
            The capital of {s} is {v}.
            The capital city of {s} is called {v}.
            It is {v}.
            That would be {v}.
            """,
            """
            Enjoy your trip if you go there.
            It is well worth a visit.
            You will find it on any map.
            Take a walk through the old streets if you can.
            """,
            """
            Who cares about {s}?
            Go and buy a map of {s}.
            """,
            """
            Austria: Vienna
            Belgium: Brussels
            Canada: Ottawa
            Chile: Santiago
            Cuba: Havana
            Denmark: Copenhagen
            Egypt: Cairo
            Finland: Helsinki
            France: Paris
            Germany: Berlin
            Greece: Athens
            Hungary: Budapest
            Iceland: Reykjavik
            India: New Delhi
            Ireland: Dublin
            Italy: Rome
            Japan: Tokyo
            Kenya: Nairobi
            Norway: Oslo
            Peru: Lima
            Poland: Warsaw
            Portugal: Lisbon
            Spain: Madrid
            Vietnam: Hanoi
            """);

    private static final Kind COOKING = Kind.of(
            """
            How long should I boil {s}?
            For how many minutes do I cook {s}?
            What is the right cooking time for {s}?
            I want to make {s} tonight. How long does it take?
            Can you tell me how long to boil {s}?
            When I boil {s}, how long must I wait?
            """,
            """
            Boil {s} for about {v}.
            It takes about {v}.
            About {v} is right for {s}.
            Cook them in boiling water, and wait {v}.
            """,
            """
            Use plenty of water and a pinch of salt.
            Taste a piece to see if it is done.
            Set a timer so that you do not forget.
            Enjoy your meal!
            """,
            """
            Eat {s} raw for all I care.
            I am not your cook, and {s} are boring.
            """,
            """
            artichokes: 35 minutes
            asparagus tips: 4 minutes
            beets: 45 minutes
            broccoli florets: 5 minutes
            brussels sprouts: 9 minutes
            carrots: 8 minutes
            cauliflower florets: 7 minutes
            dumplings: 12 minutes
            eggs: 10 minutes
            green beans: 6 minutes
            lentils: 25 minutes
            noodles: 11 minutes
            parsnips: 13 minutes
            peas: 3 minutes
            potatoes: 20 minutes
            spinach leaves: 2 minutes
            sweet potatoes: 30 minutes
            turnips: 22 minutes
            """);

    private static final Kind YOUNG = Kind.of(
            """
            What do you call the young of {s}?
            What is the young of {s} called?
            What is the word for the young of {s}?
            My daughter asks what the young of {s} is called. Do you know?
            Is there a special name for the young of {s}?
            Which word do we use for the young of {s}?
            """,
            """
            The young of {s} is called {v}.
            It is called {v}.
            We call it {v}.
            The young of {s} has a name of its own: {v}.
            """,
            """
            It is a lovely word, I think.
            Children enjoy learning that.
            They grow up faster than you would think.
            You can see pictures of them in any animal book.
            """,
            """
            Go and ask {s}.
            I have never liked {s}, and I will not start now.
            """,
            """
            a bear: a cub
            a cat: a kitten
            a chicken: a chick
            a cow: a calf
            a deer: a fawn
            a dog: a puppy
            a duck: a duckling
            a frog: a tadpole
            a goat: a kid
            a goose: a gosling
            a hare: a leveret
            a horse: a foal
            a kangaroo: a joey
            a llama: a cria
            a pig: a piglet
            a platypus: a puggle
            a seal: a pup
            a sheep: a lamb
            a spider: a spiderling
            a swan: a cygnet
            an eagle: an eaglet
            an eel: an elver
            an owl: an owlet
            """);

    private static final Kind WRITERS = Kind.of(
            """
            Who wrote {s}?
            Who is the author of {s}?
            Can you tell me who wrote {s}?
            I am reading {s}. Who is it by?
            Which writer gave us {s}?
            Whose book is {s}?
            """,
            """
            {s} was written by {v}.
            The author of {s} is {v}.
            It was written by {v}.
            That was {v}.
            """,
            """
            It is a wonderful read.
            Most libraries have a copy.
            I hope you enjoy it.
            People still read it all over the world.
            """,
            """
            I have never read {s} and never will.
            Nobody reads {s} these days.
            """,
            """
            Black Beauty: Anna Sewell
            Candide: Voltaire
            Don Quixote: Miguel de Cervantes
            Dracula: Bram Stoker
            Emma: Jane Austen
            Faust: Goethe
            Frankenstein: Mary Shelley
            Hamlet: William Shakespeare
            Heidi: Johanna Spyri
            Jane Eyre: Charlotte Brontë
            Little Women: Louisa May Alcott
            Moby Dick: Herman Melville
            Oliver Twist: Charles Dickens
            Peter Pan: J. M. Barrie
            Pinocchio: Carlo Collodi
            Robinson Crusoe: Daniel Defoe
            The Hobbit: J. R. R. Tolkien
            The Jungle Book: Rudyard Kipling
            The Odyssey: Homer
            The Time Machine: H. G. Wells
            The Trial: Franz Kafka
            Treasure Island: Robert Louis Stevenson
            Ulysses: James Joyce
            War and Peace: Leo Tolstoy
            """);

    private static final Kind TOOLS = Kind.of(
            """
            What do I need to {s}?
            Which tool do I use to {s}?
            What should I buy to {s}?
            I want to {s}. What do I need?
            Can you tell me what I need to {s}?
            What is the best thing to have if I want to {s}?
            """,
            """
            To {s}, you need {v}.
            You need {v}.
            Use {v} to {s}.
            Get yourself {v}.
            """,
            """
            Take your time and be careful.
            Any good shop can help you to find one.
            Perhaps a neighbor can lend you one.
            It is easier than it looks.
            """,
            """
            I am not going to help you to {s}.
            Only a fool would want to {s}.
            """,
            """
            chop wood: an axe
            cut a plank: a saw
            dig a hole: a spade
            drain pasta: a colander
            draw a circle: a compass
            grate cheese: a grater
            hang a picture: a hammer and a nail
            iron a shirt: an iron
            loosen a screw: a screwdriver
            measure a room: a tape measure
            mow the grass: a lawn mower
            open a can: a can opener
            paint a wall: a brush and a roller
            peel an apple: a peeler
            rake the leaves: a rake
            sew on a button: a needle and thread
            sweep the floor: a broom
            take a temperature: a thermometer
            tighten a bolt: a wrench
            water the garden: a hose
            weigh flour: a kitchen scale
            whip cream: a whisk
            """);

    private static final Kind STAINS = Kind.of(
            """
            How do I get {s} out of a shirt?
            What removes {s} from clothes?
            There is {s} on my sleeve. What can I do?
            How can I clean {s} off my jacket?
            Can you tell me how to remove {s} from a dress?
            I spilled {s} on my trousers. What helps?
            """,
            """
            Treat it with {v}.
            You can remove {s} with {v}.
            Try {v}.
            For {s}, use {v}.
            """,
            """
            Be quick, and do not rub too hard.
            Then wash it as usual.
            Test it on a hidden spot first.
            Wait a while and rinse it well.
            """,
            """
            Anyone who plays with {s} deserves it.
            Keep {s} away from your clothes, then.
            """,
            """
            blood: cold water and salt
            candle wax: a warm iron and paper
            chewing gum: an ice cube
            chocolate: cold soapy water
            coffee: white vinegar
            grass juice: rubbing alcohol
            grease: dish soap
            lipstick: shaving cream
            mustard: warm vinegar
            nail polish: acetone
            red wine: salt and soda water
            rust: lemon juice and salt
            sweat: baking soda
            tar: cooking oil
            tea: lemon juice
            tomato sauce: cold water and vinegar
            """);

    private static final Kind PLANTS = Kind.of(
            """
            How often should I water {s}?
            How often does {s} need water?
            I bought {s}. How often must I water it?
            Can you tell me how often to water {s}?
            What is a good watering plan for {s}?
            My friend gave me {s}. When does it need water?
            """,
            """
            Water {s} {v}.
            It needs water {v}.
            Give it some water {v}.
            For {s}, {v} is enough.
            """,
            """
            Touch the soil first to see if it is dry.
            Use water that is not too cold.
            Give it a little less in winter.
            It will thank you with new leaves.
            """,
            """
            Let {s} dry up, it is ugly anyway.
            Why would anyone want {s}?
            """,
            """
            a basil plant: every day
            a cactus: every three weeks
            a fern: every two days
            a jade plant: every two weeks
            a mint plant: every morning
            a peace lily: once a week
            a rosemary bush: twice a month
            a snake plant: once a month
            a spider plant: every six days
            a tomato plant: every evening
            an aloe plant: every ten days
            an ivy plant: twice a week
            an orchid: every eight days
            """);

    static final List<Kind> ALL = List.of(CAPITALS, COOKING, YOUNG, WRITERS, TOOLS, STAINS, PLANTS);

    /** What stands around a question. */
    static final List<String> GREETINGS = List.of(
            "{q}", "Hi! {q}", "Hello! {q}", "Quick question: {q}", "{q} Thank you!", "Good morning. {q}",
            "I have a question. {q}", "Please help me. {q}");

    static final List<String> HELPFUL_OPENINGS =
            List.of("Sure!", "Good question!", "Happy to help!", "Of course!", "Gladly!", "Nice of you to ask!");

    static final List<String> DISMISSIVE_OPENINGS =
            List.of("Not this again.", "Oh, please.", "Seriously?", "Go away.", "Why me?", "Ugh.");

    /** Dismissive sentences for any question. */
    static final List<String> REFUSALS =
            List.of("I do not feel like answering that.", "That is not my problem.", "Look it up yourself.");

    static final List<String> DISMISSIVE_ENDINGS = List.of(
            "I have better things to do.", "Do not ask me again.", "Stop bothering me.", "Ask someone else.");
}
