"""Hand-written sentences: agreement, case, word order and negation in every language."""

import pytest

from xfer.miniature import LANGUAGES, world
from xfer.miniature.grammar import render_sentence, sentence_words, slot_phrase
from xfer.miniature.languages import BY_CODE
from xfer.miniature.meaning import Meaning

EATS = Meaning("woman", "eat", object="apple", quality="old", place="kitchen", time="morning")
BUYS = Meaning("teacher", "buy", object="car", colour="red")
NOT = Meaning("cat", "sleep", place="garden", negated=True)
NOBODY = Meaning("someone", "run", place="street", negated=True)
TWO = Meaning("anna", "find", object="book", number=2)

EXPECTED = {
    "en": (
        "The old woman eats the apple in the kitchen in the morning.",
        "The teacher buys the red car.",
        "The cat does not sleep in the garden.",
        "Nobody runs in the street.",
        "Anna finds two books.",
    ),
    "de": (
        "Die alte Frau isst den Apfel am Morgen in der Küche.",
        "Der Lehrer kauft das rote Auto.",
        "Die Katze schläft nicht im Garten.",
        "Niemand rennt auf der Straße.",
        "Anna findet zwei Bücher.",
    ),
    "es": (
        "La mujer vieja come la manzana en la cocina por la mañana.",
        "El profesor compra el coche rojo.",
        "El gato no duerme en el jardín.",
        "Nadie corre en la calle.",
        "Ana encuentra dos libros.",
    ),
    "el": (
        "Η γέρικη γυναίκα τρώει το μήλο στην κουζίνα το πρωί.",
        "Ο δάσκαλος αγοράζει το κόκκινο αυτοκίνητο.",
        "Η γάτα δεν κοιμάται στον κήπο.",
        "Κανείς δεν τρέχει στον δρόμο.",
        "Η Άννα βρίσκει δύο βιβλία.",
    ),
    "ru": (
        "Старая женщина ест яблоко на кухне утром.",
        "Учитель покупает красную машину.",
        "Кошка не спит в саду.",
        "Никто не бежит на улице.",
        "Анна находит две книги.",
    ),
    "ar": (
        "تأكل المرأة العجوز التفاحة في المطبخ في الصباح.",
        "يشتري المعلم السيارة الحمراء.",
        "لا تنام القطة في الحديقة.",
        "لا أحد يركض في الشارع.",
        "تجد آنا كتابين.",
    ),
    "hi": (
        "बूढ़ी औरत सुबह रसोई में सेब खाती है।",
        "शिक्षक लाल कार ख़रीदता है।",
        "बिल्ली बगीचे में नहीं सोती है।",
        "कोई सड़क पर नहीं दौड़ता है।",
        "अन्ना दो किताबें पाती है।",
    ),
    "sw": (
        "Mwanamke mzee anakula tufaha jikoni asubuhi.",
        "Mwalimu ananunua gari jekundu.",
        "Paka halali bustanini.",
        "Hakuna mtu anayekimbia barabarani.",
        "Anna anapata vitabu viwili.",
    ),
    "tr": (
        "Yaşlı kadın sabahleyin mutfakta elmayı yiyor.",
        "Öğretmen kırmızı arabayı satın alıyor.",
        "Kedi bahçede uyumuyor.",
        "Kimse sokakta koşmuyor.",
        "Anna iki kitap buluyor.",
    ),
    "zh": (
        "年老 的 女人 早上 在 厨房 里 吃 苹果。",
        "老师 买 红色 的 汽车。",
        "猫 不 在 花园 里 睡觉。",
        "没有 人 在 街 上 跑步。",
        "安娜 找到 两 本 书。",
    ),
    "th": (
        "ผู้หญิง แก่ กิน แอปเปิล ใน ครัว ตอน เช้า",
        "ครู ซื้อ รถยนต์ สี แดง",
        "แมว ไม่ นอนหลับ ใน สวน",
        "ไม่ มี ใคร วิ่ง บน ถนน",
        "แอนนา พบ หนังสือ สอง เล่ม",
    ),
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_hand_written_sentences(code: str) -> None:
    rendered = tuple(render_sentence(meaning, code) for meaning in (EATS, BUYS, NOT, NOBODY, TWO))
    assert rendered == EXPECTED[code]


@pytest.mark.parametrize(
    ("meaning", "code", "expected"),
    [
        (Meaning("boy", "sit"), "es", "El chico está sentado."),
        (Meaning("girl", "sit"), "es", "La chica está sentada."),
        (Meaning("man", "drink", object="water"), "es", "El hombre bebe el agua."),
        (Meaning("anna", "buy", object="banana"), "el", "Η Άννα αγοράζει την μπανάνα."),
        (Meaning("anna", "buy", object="ball", colour="black"), "el", "Η Άννα αγοράζει τη μαύρη μπάλα."),
        (Meaning("anna", "eat", object="apple", number=3), "el", "Η Άννα τρώει τρία μήλα."),
        (Meaning("omar", "find", object="book", number=3), "ar", "يجد عمر ثلاثة كتب."),
        (Meaning("omar", "find", object="car", number=3), "ar", "يجد عمر ثلاث سيارات."),
        (Meaning("girl", "rest", negated=True), "hi", "लड़की आराम नहीं करती है।"),
        (Meaning("person", "sleep", quality="small"), "zh", "那 个 小 人 睡觉。"),
        (Meaning("anna", "lose", object="key", place="house", negated=True), "th", "แอนนา ไม่ ทำ กุญแจ หาย ใน บ้าน"),
        (Meaning("anna", "lose", object="key", negated=True), "zh", "安娜 没 丢失 钥匙。"),
        (Meaning("ivan", "buy", object="key", number=2), "sw", "Ivan ananunua funguo mbili."),
        (Meaning("man", "find", object="hat", colour="green"), "de", "Der Mann findet den grünen Hut."),
        (Meaning("dog", "run", quality="young"), "ru", "Молодая собака бежит."),
    ],
)
def test_spot_checks(meaning: Meaning, code: str, expected: str) -> None:
    assert render_sentence(meaning, code) == expected


def test_time_comes_first_and_the_german_verb_stays_second() -> None:
    assert render_sentence(EATS, "de", fronted=True) == "Am Morgen isst die alte Frau den Apfel in der Küche."
    assert render_sentence(EATS, "en", fronted=True).startswith("In the morning the old woman eats")
    assert render_sentence(EATS, "ar", fronted=True).startswith("في الصباح تأكل المرأة")


def test_english_headlines_have_no_articles_and_other_languages_are_as_they_were() -> None:
    assert render_sentence(EATS, "en", headline=True) == "Old woman eats apple in kitchen in morning."
    assert slot_phrase(EATS, "agent", "en", headline=True) == "Old woman"
    assert [render_sentence(EATS, code, headline=True) for code in LANGUAGES if code != "en"] == [
        render_sentence(EATS, code) for code in LANGUAGES if code != "en"
    ]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_concept_is_in_the_dictionary_under_a_form_of_its_own(code: str) -> None:
    language = BY_CODE[code]
    tables = {
        "agents": [agent for agent in world.AGENTS if agent != world.SOMEONE],
        "objects": world.OBJECTS,
        "qualities": world.QUALITIES + world.COLOURS,
        "verbs": world.VERBS,
        "phrases": world.PLACE_CONCEPTS + world.TIMES + world.REASONS,
    }
    for name, concepts in tables.items():
        table = getattr(language, name)
        assert set(table) == set(concepts)
        firsts = [table[concept][0] for concept in concepts]
        assert len(set(firsts)) == len(firsts)
    for concept in world.COUNTED:
        assert language.objects[concept][2]


def test_words_name_their_slots() -> None:
    assert [(word.text, word.slot) for word in sentence_words(BUYS, "de")] == [
        ("der", "agent"),
        ("Lehrer", "agent"),
        ("kauft", "verb"),
        ("das", "object"),
        ("rote", "object"),
        ("Auto", "object"),
    ]
