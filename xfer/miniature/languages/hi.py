"""Hindi: subject-object-verb, two genders on adjectives and verbs, postpositions."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | अन्ना | f
maria | मारिया | f
sara | सारा | f
omar | उमर | m
ivan | इवान | m
peter | पीटर | m
woman | औरत | f
man | आदमी | m
girl | लड़की | f
boy | लड़का | m
child | बच्चा | m
person | व्यक्ति | m
doctor | डॉक्टर | m
physician | चिकित्सक | m
teacher | शिक्षक | m
student | छात्र | m
dog | कुत्ता | m
cat | बिल्ली | f
bird | चिड़िया | f
animal | जानवर | m
""")
# concept | direct singular | gender | direct plural
_OBJECTS = parse_table("""
apple | सेब | m | सेब
banana | केला | m | केले
fruit | फल | m
bread | रोटी | f
food | खाना | m
water | पानी | m
milk | दूध | m
tea | चाय | f
drink | पेय | m
book | किताब | f | किताबें
newspaper | अख़बार | m | अख़बार
letter | पत्र | m | पत्र
text | लेख | m
door | दरवाज़ा | m
box | डिब्बा | m | डिब्बे
car | कार | f | कारें
bicycle | साइकिल | f | साइकिलें
vehicle | वाहन | m
ball | गेंद | f | गेंदें
key | चाबी | f | चाबियाँ
hat | टोपी | f | टोपियाँ
""")
_QUALITIES = parse_table("""
big | बड़ा | बड़ी
small | छोटा | छोटी
old | बूढ़ा | बूढ़ी
young | जवान
happy | ख़ुश
sad | दुखी
red | लाल
green | हरा | हरी
white | सफ़ेद
black | काला | काली
""")
_VERBS = parse_table("""
sleep | ~ सोता है | ~ सोती है
rest | आराम ~ करता है | आराम ~ करती है
run | ~ दौड़ता है | ~ दौड़ती है
sit | ~ बैठता है | ~ बैठती है
stand | ~ खड़ा है | ~ खड़ी है
work | काम ~ करता है | काम ~ करती है
laugh | ~ हँसता है | ~ हँसती है
cry | ~ रोता है | ~ रोती है
speak | ~ बोलता है | ~ बोलती है
whisper | ~ फुसफुसाता है | ~ फुसफुसाती है
be_silent | चुप ~ रहता है | चुप ~ रहती है
eat | ~ खाता है | ~ खाती है
drink | ~ पीता है | ~ पीती है
read | ~ पढ़ता है | ~ पढ़ती है
write | ~ लिखता है | ~ लिखती है
buy | ~ ख़रीदता है | ~ ख़रीदती है
sell | ~ बेचता है | ~ बेचती है
open | ~ खोलता है | ~ खोलती है
close | बंद ~ करता है | बंद ~ करती है
find | ~ पाता है | ~ पाती है
lose | ~ खोता है | ~ खोती है
""")
_PHRASES = parse_table("""
house | घर में
kitchen | रसोई में
bedroom | शयनकक्ष में
school | स्कूल में
classroom | कक्षा में
outside | बाहर
garden | बगीचे में
forest | जंगल में
street | सड़क पर
hospital | अस्पताल में
shop | दुकान में
morning | सुबह
noon | दोपहर को
evening | शाम को
night | रात को
rain | बारिश के कारण
heat | गर्मी के कारण
""")

LANGUAGE = Language(
    code="hi",
    order="agent reason time place object verb",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="कोई",
    nobody="कोई",
    nobody_negates=True,
    negation="नहीं",
    genders=("m", "f"),
    numerals={"2": "दो", "3": "तीन"},
    stop="।",
)
