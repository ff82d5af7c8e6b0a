"""Greek: subject-verb-object, three genders, articles and adjectives with case."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | Άννα | f
maria | Μαρία | f
sara | Σάρα | f
omar | Ομάρ | m
ivan | Ιβάν | m
peter | Πέτρος | m
woman | γυναίκα | f
man | άντρας | m
girl | κορίτσι | n
boy | αγόρι | n
child | παιδί | n
person | άτομο | n
doctor | γιατρός | m
physician | ιατρός | m
teacher | δάσκαλος | m
student | φοιτητής | m
dog | σκύλος | m
cat | γάτα | f
bird | πουλί | n
animal | ζώο | n
""")
# concept | accusative singular | gender | accusative plural
_OBJECTS = parse_table("""
apple | μήλο | n | μήλα
banana | μπανάνα | f | μπανάνες
fruit | φρούτο | n
bread | ψωμί | n
food | φαγητό | n
water | νερό | n
milk | γάλα | n
tea | τσάι | n
drink | ποτό | n
book | βιβλίο | n | βιβλία
newspaper | εφημερίδα | f | εφημερίδες
letter | γράμμα | n | γράμματα
text | κείμενο | n
door | πόρτα | f
box | κουτί | n | κουτιά
car | αυτοκίνητο | n | αυτοκίνητα
bicycle | ποδήλατο | n | ποδήλατα
vehicle | όχημα | n
ball | μπάλα | f | μπάλες
key | κλειδί | n | κλειδιά
hat | καπέλο | n | καπέλα
""")
# The agent's are nominative, colours accusative; m f n.
_QUALITIES = parse_table("""
big | μεγάλος | μεγάλη | μεγάλο
small | μικρός | μικρή | μικρό
old | γέρικος | γέρικη | γέρικο
young | νεαρός | νεαρή | νεαρό
happy | χαρούμενος | χαρούμενη | χαρούμενο
sad | λυπημένος | λυπημένη | λυπημένο
red | κόκκινο | κόκκινη | κόκκινο
green | πράσινο | πράσινη | πράσινο
white | λευκό | λευκή | λευκό
black | μαύρο | μαύρη | μαύρο
""")
_VERBS = parse_table("""
sleep | κοιμάται
rest | ξεκουράζεται
run | τρέχει
sit | κάθεται
stand | στέκεται
work | δουλεύει
laugh | γελάει
cry | κλαίει
speak | μιλάει
whisper | ψιθυρίζει
be_silent | σιωπά
eat | τρώει
drink | πίνει
read | διαβάζει
write | γράφει
buy | αγοράζει
sell | πουλάει
open | ανοίγει
close | κλείνει
find | βρίσκει
lose | χάνει
""")
_PHRASES = parse_table("""
house | στο σπίτι
kitchen | στην κουζίνα
bedroom | στο υπνοδωμάτιο
school | στο σχολείο
classroom | στην τάξη
outside | έξω
garden | στον κήπο
forest | στο δάσος
street | στον δρόμο
hospital | στο νοσοκομείο
shop | στο μαγαζί
morning | το πρωί
noon | το μεσημέρι
evening | το βράδυ
night | τη νύχτα
rain | λόγω της βροχής
heat | λόγω της ζέστης
""")

LANGUAGE = Language(
    code="el",
    order="agent verb object place time reason",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="κάποιος",
    nobody="κανείς",
    negation="δεν",
    nobody_negates=True,
    # Greek names take the article too.
    subject_articles={"m": "ο", "f": "η", "n": "το", "name m": "ο", "name f": "η"},
    object_articles={"m": "τον", "f": "την", "n": "το"},
    # The final ν of την is kept before vowels and stops only.
    article_before={"την": ((*"αάεέηήιίοόυύωώκπτξψ", "μπ", "ντ", "γκ"), "τη")},
    numerals={"2": "δύο", "3": "τρεις", "3n": "τρία"},
)
