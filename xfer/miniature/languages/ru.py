"""Russian: subject-verb-object, no articles, accusative objects, three genders."""

from xfer.miniature.languages.table import Language, parse_table

_AGENTS = parse_table("""
anna | Анна | f
maria | Мария | f
sara | Сара | f
omar | Омар | m
ivan | Иван | m
peter | Пётр | m
woman | женщина | f
man | мужчина | m
girl | девочка | f
boy | мальчик | m
child | ребёнок | m
person | человек | m
doctor | врач | m
physician | доктор | m
teacher | учитель | m
student | студент | m
dog | собака | f
cat | кошка | f
bird | птица | f
animal | животное | n
""")
# concept | accusative singular | gender | genitive singular, as after two and three
_OBJECTS = parse_table("""
apple | яблоко | n | яблока
banana | банан | m | банана
fruit | фрукт | m
bread | хлеб | m
food | еду | f
water | воду | f
milk | молоко | n
tea | чай | m
drink | напиток | m
book | книгу | f | книги
newspaper | газету | f | газеты
letter | письмо | n | письма
text | текст | m
door | дверь | f
box | коробку | f | коробки
car | машину | f | машины
bicycle | велосипед | m | велосипеда
vehicle | транспорт | m
ball | мяч | m | мяча
key | ключ | m | ключа
hat | шляпу | f | шляпы
""")
# The agent's are nominative, colours accusative (inanimate); m f n.
_QUALITIES = parse_table("""
big | большой | большая | большое
small | маленький | маленькая | маленькое
old | старый | старая | старое
young | молодой | молодая | молодое
happy | весёлый | весёлая | весёлое
sad | грустный | грустная | грустное
red | красный | красную | красное
green | зелёный | зелёную | зелёное
white | белый | белую | белое
black | чёрный | чёрную | чёрное
""")
_VERBS = parse_table("""
sleep | спит
rest | отдыхает
run | бежит
sit | сидит
stand | стоит
work | работает
laugh | смеётся
cry | плачет
speak | говорит
whisper | шепчет
be_silent | молчит
eat | ест
drink | пьёт
read | читает
write | пишет
buy | покупает
sell | продаёт
open | открывает
close | закрывает
find | находит
lose | теряет
""")
_PHRASES = parse_table("""
house | в доме
kitchen | на кухне
bedroom | в спальне
school | в школе
classroom | в классе
outside | снаружи
garden | в саду
forest | в лесу
street | на улице
hospital | в больнице
shop | в магазине
morning | утром
noon | в полдень
evening | вечером
night | ночью
rain | из-за дождя
heat | из-за жары
""")

LANGUAGE = Language(
    code="ru",
    order="agent verb object place time reason",
    agents=_AGENTS,
    objects=_OBJECTS,
    qualities=_QUALITIES,
    verbs=_VERBS,
    phrases=_PHRASES,
    someone="кто-то",
    nobody="никто",
    negation="не",
    nobody_negates=True,
    numerals={"2": "два", "2f": "две", "3": "три"},
)
