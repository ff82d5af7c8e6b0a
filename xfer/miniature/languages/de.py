"""German: verb second, three genders, weak adjectives after the definite article."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | Anna | f
maria | Maria | f
sara | Sara | f
omar | Omar | m
ivan | Iwan | m
peter | Peter | m
woman | Frau | f
man | Mann | m
girl | Mädchen | n
boy | Junge | m
child | Kind | n
person | Person | f
doctor | Arzt | m
physician | Doktor | m
teacher | Lehrer | m
student | Student | m
dog | Hund | m
cat | Katze | f
bird | Vogel | m
animal | Tier | n
""")
# concept | accusative singular | gender | plural
_OBJECTS = parse_table("""
apple | Apfel | m | Äpfel
banana | Banane | f | Bananen
fruit | Obst | n
bread | Brot | n
food | Essen | n
water | Wasser | n
milk | Milch | f
tea | Tee | m
drink | Getränk | n
book | Buch | n | Bücher
newspaper | Zeitung | f | Zeitungen
letter | Brief | m | Briefe
text | Text | m
door | Tür | f
box | Kiste | f | Kisten
car | Auto | n | Autos
bicycle | Fahrrad | n | Fahrräder
vehicle | Fahrzeug | n
ball | Ball | m | Bälle
key | Schlüssel | m | Schlüssel
hat | Hut | m | Hüte
""")
# The agent's are nominative (one weak form), colours accusative (m f n).
_QUALITIES = parse_table("""
big | große
small | kleine
old | alte
young | junge
happy | glückliche
sad | traurige
red | roten | rote | rote
green | grünen | grüne | grüne
white | weißen | weiße | weiße
black | schwarzen | schwarze | schwarze
""")
_VERBS = parse_table("""
sleep | schläft
rest | ruht
run | rennt
sit | sitzt
stand | steht
work | arbeitet
laugh | lacht
cry | weint
speak | spricht
whisper | flüstert
be_silent | schweigt
eat | isst
drink | trinkt
read | liest
write | schreibt
buy | kauft
sell | verkauft
open | öffnet
close | schließt
find | findet
lose | verliert
""")
_PHRASES = parse_table("""
house | im Haus
kitchen | in der Küche
bedroom | im Schlafzimmer
school | in der Schule
classroom | im Klassenzimmer
outside | draußen
garden | im Garten
forest | im Wald
street | auf der Straße
hospital | im Krankenhaus
shop | im Laden
morning | am Morgen
noon | am Mittag
evening | am Abend
night | in der Nacht
rain | wegen des Regens
heat | wegen der Hitze
""")

LANGUAGE = Language(
    code="de",
    order="agent verb object time reason not place",
    fronted="time verb agent object reason not place",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="jemand",
    nobody="niemand",
    negation="nicht",
    subject_articles={"m": "der", "f": "die", "n": "das"},
    object_articles={"m": "den", "f": "die", "n": "das"},
    numerals={"2": "zwei", "3": "drei"},
)
