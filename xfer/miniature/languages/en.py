"""English: subject-verb-object, one article, no case."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | Anna
maria | Maria
sara | Sara
omar | Omar
ivan | Ivan
peter | Peter
woman | woman
man | man
girl | girl
boy | boy
child | child
person | person
doctor | doctor
physician | physician
teacher | teacher
student | student
dog | dog
cat | cat
bird | bird
animal | animal
""")
# concept | singular | gender (none) | plural
_OBJECTS = parse_table("""
apple | apple | | apples
banana | banana | | bananas
fruit | fruit
bread | bread
food | food
water | water
milk | milk
tea | tea
drink | drink
book | book | | books
newspaper | newspaper | | newspapers
letter | letter | | letters
text | text
door | door
box | box | | boxes
car | car | | cars
bicycle | bicycle | | bicycles
vehicle | vehicle
ball | ball | | balls
key | key | | keys
hat | hat | | hats
""")
_QUALITIES = parse_table("""
big | big
small | small
old | old
young | young
happy | happy
sad | sad
red | red
green | green
white | white
black | black
""")
# concept | affirmative | negative
_VERBS = parse_table("""
sleep | sleeps | does not sleep
rest | rests | does not rest
run | runs | does not run
sit | sits | does not sit
stand | stands | does not stand
work | works | does not work
laugh | laughs | does not laugh
cry | cries | does not cry
speak | speaks | does not speak
whisper | whispers | does not whisper
be_silent | is silent | is not silent
eat | eats | does not eat
drink | drinks | does not drink
read | reads | does not read
write | writes | does not write
buy | buys | does not buy
sell | sells | does not sell
open | opens | does not open
close | closes | does not close
find | finds | does not find
lose | loses | does not lose
""")
_PHRASES = parse_table("""
house | in the house
kitchen | in the kitchen
bedroom | in the bedroom
school | at school
classroom | in the classroom
outside | outside
garden | in the garden
forest | in the forest
street | in the street
hospital | in the hospital
shop | in the shop
morning | in the morning
noon | at noon
evening | in the evening
night | at night
rain | because of the rain
heat | because of the heat
""")

LANGUAGE = Language(
    code="en",
    order="agent verb object place time reason",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="someone",
    nobody="nobody",
    negative_forms=True,
    subject_articles={"": "the"},
    object_articles={"": "the"},
    unheadlined=("the",),
    numerals={"2": "two", "3": "three"},
)
