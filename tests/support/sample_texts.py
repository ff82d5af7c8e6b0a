"""A sentence in each of many languages and scripts, and random texts of their characters."""

from __future__ import annotations

from hypothesis import strategies as st

TEXTS = {
    "en": "Seven grey geese crossed the frozen river before anybody noticed them",
    "de": "Größere Züge fahren sonntags über die schöne Brücke",
    "fr": "Mon frère a trouvé une vieille clé près du château",
    "tr": "Çocuklar IŞIKLI bahçede İnce şarkılar söylüyordu",
    "ru": "Вчера ещё шёл дождь, но сегодня тепло",
    "bg": "Старата къща стои край широката река",
    "kk": "Балалар үлкен бақта ойнап жүр",
    "el": "Ήρεμη θάλασσα και γαλανός ουρανός σήμερα",
    "ar": "ذهبت المدرسة إلى المتحف الكبير أمس",
    "fa": "می‌خواهم کتاب‌های تازه را بخوانم",
    "ur": "بچے باغ میں کھیل رہے ہیں",
    "he": "הילדים משחקים בגינה הגדולה",
    "hi": "पुराने किले की दीवारें बहुत ऊँची थीं",
    "bn": "শিশুরা মাঠে ফুটবল খেলছে",
    "ta": "குழந்தைகள் தோட்டத்தில் விளையாடினர்",
    "te": "పిల్లలు తోటలో ఆడుకుంటున్నారు",
    "th": "เด็กๆกำลังเล่นอยู่ในสวนข้างโรงเรียน",
    "my": "ကလေးများသည်ကျောင်းသို့သွားသည်",
    "km": "ក្មេងៗលេងនៅក្នុងសួនច្បារ",
    "zh": "他们在公园里坐着谈论已经过去的事情。",
    "ja": "子どもたちはコーヒーを飲みながら本を読んでいる。",
    "ko": "아이들이 운동장에서 즐겁게 뛰어놀고 있다",
    "sw": "Watoto wanacheza mpira uwanjani",
    "vi": "Trẻ em đang chơi ngoài vườn",
    "ka": "ბავშვები ბაღში თამაშობენ",
    "am": "ልጆች በአትክልቱ ውስጥ ይጫወታሉ",
    "xx": "Наш iPhone用了三天 กำลังเล่น 한국어로 हिन्दी में covid19 «été»",
}
SAMPLES = sorted(TEXTS.items())
ALPHABET = st.sampled_from(sorted({char for text in TEXTS.values() for char in text} | set("\u200d\u200f@./1٣९🙂")))
MIXED = st.text(st.one_of(ALPHABET, st.characters()), max_size=60)
SEEDS = st.integers(0, 10**6)
