"""What exists in the made-up world, in no language: concepts and how they relate.

Concepts are English words in lower case; every language file spells all of them.
"""

WOMEN = ("anna", "maria", "sara")
MEN = ("omar", "ivan", "peter")
NAMES = WOMEN + MEN
SOMEONE = "someone"

PEOPLE = (*NAMES, "woman", "man", "girl", "boy", "child", "person", "doctor", "physician", "teacher", "student")
ANIMALS = ("dog", "cat", "bird", "animal")
AGENTS = (*PEOPLE, *ANIMALS, SOMEONE)

# Each concept's next more general one. Someone is more general than every person.
HYPERNYM = {
    **dict.fromkeys(WOMEN, "woman"),
    **dict.fromkeys(MEN, "man"),
    "girl": "child",
    "boy": "child",
    **dict.fromkeys(("woman", "man", "child", "doctor", "teacher", "student"), "person"),
    "person": SOMEONE,
    **dict.fromkeys(("dog", "cat", "bird"), "animal"),
    "sleep": "rest",
    "whisper": "speak",
    **dict.fromkeys(("apple", "banana"), "fruit"),
    **dict.fromkeys(("fruit", "bread"), "food"),
    **dict.fromkeys(("water", "milk", "tea"), "drink"),
    **dict.fromkeys(("book", "newspaper", "letter"), "text"),
    **dict.fromkeys(("car", "bicycle"), "vehicle"),
    **dict.fromkeys(("kitchen", "bedroom"), "house"),
    "classroom": "school",
    **dict.fromkeys(("garden", "forest", "street"), "outside"),
}

# Two words for one concept: each entails the other.
SYNONYM = {"physician": "doctor"}

QUALITIES = ("big", "small", "old", "young", "happy", "sad")
ANIMAL_QUALITIES = QUALITIES[:4]
COLOURS = ("red", "green", "white", "black")
PLACE_CONCEPTS = (
    "house",
    "kitchen",
    "bedroom",
    "school",
    "classroom",
    "outside",
    "garden",
    "forest",
    "street",
    "hospital",
    "shop",
)
TIMES = ("morning", "noon", "evening", "night")
REASONS = ("rain", "heat")
NUMBERS = (2, 3)

ANIMAL_VERBS = ("sleep", "rest", "run", "sit", "stand")
INTRANSITIVE = (*ANIMAL_VERBS, "work", "laugh", "cry", "speak", "whisper", "be_silent")

GOODS = (
    "apple",
    "banana",
    "bread",
    "fruit",
    "food",
    "milk",
    "tea",
    "book",
    "newspaper",
    "car",
    "bicycle",
    "vehicle",
    "ball",
    "hat",
    "box",
)
LOSABLE = ("ball", "key", "hat", "letter", "book", "newspaper", "bicycle", "car")
OPENABLE = ("door", "box", "letter")
OBJECTS_OF = {
    "eat": ("apple", "banana", "fruit", "bread", "food"),
    "drink": ("water", "milk", "tea", "drink"),
    "read": ("book", "newspaper", "letter", "text"),
    "write": ("book", "letter", "text"),
    "buy": GOODS,
    "sell": GOODS,
    "open": OPENABLE,
    "close": OPENABLE,
    "find": LOSABLE,
    "lose": LOSABLE,
}
TRANSITIVE = tuple(OBJECTS_OF)
VERBS = INTRANSITIVE + TRANSITIVE
COLOURED = ("car", "bicycle", "vehicle", "ball", "hat", "box", "door", "book")
COUNTED = ("apple", "banana", "book", "newspaper", "letter", "ball", "key", "hat", "box", "car", "bicycle")
OBJECTS = tuple(dict.fromkeys(noun for nouns in OBJECTS_OF.values() for noun in nouns))

# Pairs of which one and the same agent can do or be only one at a time.
OPPOSITE = (
    ("rest", "run"),
    ("rest", "work"),
    ("sleep", "run"),
    ("sleep", "work"),
    ("sit", "run"),
    ("stand", "run"),
    ("laugh", "cry"),
    ("sit", "stand"),
    ("speak", "be_silent"),
    ("whisper", "be_silent"),
    ("buy", "sell"),
    ("open", "close"),
    ("find", "lose"),
    ("big", "small"),
    ("old", "young"),
    ("happy", "sad"),
)
