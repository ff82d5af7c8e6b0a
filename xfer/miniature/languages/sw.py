"""Swahili: subject-verb-object, noun classes agree on adjectives and numerals."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | Anna | 1
maria | Maria | 1
sara | Sara | 1
omar | Omari | 1
ivan | Ivan | 1
peter | Petro | 1
woman | mwanamke | 1
man | mwanamume | 1
girl | msichana | 1
boy | mvulana | 1
child | mtoto | 1
person | mtu | 1
doctor | daktari | 1
physician | tabibu | 1
teacher | mwalimu | 1
student | mwanafunzi | 1
dog | mbwa | 1
cat | paka | 1
bird | ndege | 1
animal | mnyama | 1
""")
# concept | singular | noun class of the singular | plural
_OBJECTS = parse_table("""
apple | tufaha | 5 | matufaha
banana | ndizi | 9 | ndizi
fruit | tunda | 5
bread | mkate | 3
food | chakula | 7
water | maji | 6
milk | maziwa | 6
tea | chai | 9
drink | kinywaji | 7
book | kitabu | 7 | vitabu
newspaper | gazeti | 5 | magazeti
letter | barua | 9 | barua
text | maandishi | 6
door | mlango | 3
box | sanduku | 5 | masanduku
car | gari | 5 | magari
bicycle | baiskeli | 9 | baiskeli
vehicle | chombo | 7
ball | mpira | 3 | mipira
key | ufunguo | 11 | funguo
hat | kofia | 9 | kofia
""")
# The agent's agree with class 1, colours with classes 3 5 7 9 of the object.
_QUALITIES = parse_table("""
big | mkubwa
small | mdogo
old | mzee
young | mchanga
happy | mwenye furaha
sad | mwenye huzuni
red | mwekundu | jekundu | chekundu | nyekundu
green | wa kijani | la kijani | cha kijani | ya kijani
white | mweupe | jeupe | cheupe | nyeupe
black | mweusi | jeusi | cheusi | nyeusi
""")
# concept | affirmative | negative
_VERBS = parse_table("""
sleep | analala | halali
rest | anapumzika | hapumziki
run | anakimbia | hakimbii
sit | anaketi | haketi
stand | anasimama | hasimami
work | anafanya kazi | hafanyi kazi
laugh | anacheka | hacheki
cry | analia | halii
speak | anazungumza | hazungumzi
whisper | ananong'ona | hanong'oni
be_silent | ananyamaza | hanyamazi
eat | anakula | hali
drink | anakunywa | hanywi
read | anasoma | hasomi
write | anaandika | haandiki
buy | ananunua | hanunui
sell | anauza | hauzi
open | anafungua | hafungui
close | anafunga | hafungi
find | anapata | hapati
lose | anapoteza | hapotezi
""")
_PHRASES = parse_table("""
house | nyumbani
kitchen | jikoni
bedroom | chumbani
school | shuleni
classroom | darasani
outside | nje
garden | bustanini
forest | msituni
street | barabarani
hospital | hospitalini
shop | dukani
morning | asubuhi
noon | mchana
evening | jioni
night | usiku
rain | kwa sababu ya mvua
heat | kwa sababu ya joto
""")

LANGUAGE = Language(
    code="sw",
    order="agent verb object place time reason",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="mtu fulani",
    nobody="hakuna mtu",
    nobody_prefix=("ana", "anaye"),
    negative_forms=True,
    genders=("3", "5", "7", "9"),
    numerals={
        "23": "miwili",
        "33": "mitatu",
        "25": "mawili",
        "35": "matatu",
        "27": "viwili",
        "37": "vitatu",
        "29": "mbili",
        "39": "tatu",
        "211": "mbili",
        "311": "tatu",
    },
    count_order="noun numeral",
    adjective_after=True,
)
