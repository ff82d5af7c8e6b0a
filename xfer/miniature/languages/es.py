"""Spanish: subject-verb-object, two genders, adjectives after the noun."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | Ana | f
maria | María | f
sara | Sara | f
omar | Omar | m
ivan | Iván | m
peter | Pedro | m
woman | mujer | f
man | hombre | m
girl | chica | f
boy | chico | m
child | niño | m
person | persona | f
doctor | médico | m
physician | doctor | m
teacher | profesor | m
student | estudiante | m
dog | perro | m
cat | gato | m
bird | pájaro | m
animal | animal | m
""")
# concept | singular | gender | plural
_OBJECTS = parse_table("""
apple | manzana | f | manzanas
banana | plátano | m | plátanos
fruit | fruta | f
bread | pan | m
food | comida | f
water | agua | f
milk | leche | f
tea | té | m
drink | bebida | f
book | libro | m | libros
newspaper | periódico | m | periódicos
letter | carta | f | cartas
text | texto | m
door | puerta | f
box | caja | f | cajas
car | coche | m | coches
bicycle | bicicleta | f | bicicletas
vehicle | vehículo | m
ball | pelota | f | pelotas
key | llave | f | llaves
hat | sombrero | m | sombreros
""")
_QUALITIES = parse_table("""
big | grande
small | pequeño | pequeña
old | viejo | vieja
young | joven
happy | feliz
sad | triste
red | rojo | roja
green | verde
white | blanco | blanca
black | negro | negra
""")
_VERBS = parse_table("""
sleep | duerme
rest | descansa
run | corre
sit | está sentado | está sentada
stand | está de pie
work | trabaja
laugh | ríe
cry | llora
speak | habla
whisper | susurra
be_silent | calla
eat | come
drink | bebe
read | lee
write | escribe
buy | compra
sell | vende
open | abre
close | cierra
find | encuentra
lose | pierde
""")
_PHRASES = parse_table("""
house | en la casa
kitchen | en la cocina
bedroom | en el dormitorio
school | en la escuela
classroom | en el aula
outside | fuera
garden | en el jardín
forest | en el bosque
street | en la calle
hospital | en el hospital
shop | en la tienda
morning | por la mañana
noon | al mediodía
evening | por la tarde
night | por la noche
rain | por la lluvia
heat | por el calor
""")

LANGUAGE = Language(
    code="es",
    order="agent verb object place time reason",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="alguien",
    nobody="nadie",
    negation="no",
    genders=("m", "f"),
    subject_articles={"m": "el", "f": "la"},
    object_articles={"m": "el", "f": "la"},
    # A stressed first "a" takes the other article though the noun stays feminine.
    article_exceptions={"agua": "el"},
    numerals={"2": "dos", "3": "tres"},
    adjective_after=True,
)
