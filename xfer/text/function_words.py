"""Words that say not, or how many: to put another word in their place says something else.

Hand-made lists for the languages of XTREME-R; a language without a list protects figures only.
May import: scripts, the standard library.
"""

from __future__ import annotations

from functools import lru_cache

from xfer.text.scripts import language_of

_FUNCTION_WORDS = {
    "en": "no not never none nobody nothing neither nor nowhere without cannot t n't all every each some any "
    "few many most only one two three four five six seven eight nine ten hundred thousand million",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder noch alle jeder "
    "jede jedes einige wenige viele nur zwei drei vier fünf sechs sieben acht neun zehn",
    "fr": "ne n pas jamais aucun aucune rien personne sans ni tout tous toutes chaque quelques plusieurs peu "
    "seul deux trois quatre cinq six sept huit neuf dix",
    "es": "no nunca jamás nadie nada ningún ninguno ninguna sin ni tampoco todo todos todas cada algunos "
    "algunas pocos muchos solo dos tres cuatro cinco seis siete ocho nueve diez",
    "it": "non mai nessuno nessuna niente nulla senza né tutti tutte ogni alcuni pochi molti solo due tre "
    "quattro cinque",
    "pt": "não nunca jamais ninguém nada nenhum nenhuma sem nem todos todas cada alguns poucos muitos só dois "
    "duas três",
    "nl": "niet geen nooit niemand niets zonder noch alle elke sommige weinig veel alleen twee drie vier vijf",
    "ru": "не ни нет никогда никто ничего ничто нигде без все каждый некоторые мало много только два две три "
    "четыре пять",
    "uk": "не ні ніколи ніхто нічого без всі усі кожен деякі мало багато лише тільки два дві три",
    "bg": "не няма никога никой нищо без всички всеки някои малко много само два две три",
    "pl": "nie nigdy nikt nic bez ani żaden żadna wszyscy każdy niektórzy mało wiele tylko dwa dwie trzy",
    "el": "δεν δε μη μην ποτέ κανείς κανένας τίποτα χωρίς ούτε όλοι όλα κάθε μερικοί λίγοι πολλοί μόνο δύο "
    "τρεις τρία",
    "tr": "değil yok hiç asla hiçbir kimse ne hepsi bütün her bazı az çok sadece iki üç dört beş",
    "ar": "لا لم لن ليس ليست ما غير بدون بلا أبدا كل جميع بعض قليل كثير فقط اثنان ثلاثة",
    "fa": "نه نیست هیچ هرگز بدون همه هر بعضی کم زیاد فقط دو سه",
    "ur": "نہیں نہ مت کبھی بغیر کوئی سب ہر کچھ صرف دو تین",
    "he": "לא אין אף בלי מעולם כל כמה מעט הרבה רק שני שתי שלוש",
    "hi": "नहीं न मत ना कभी बिना कोई सब हर कुछ कम बहुत केवल सिर्फ दो तीन चार पाँच",
    "bn": "না নয় নেই নি কখনো ছাড়া সব প্রতি কিছু শুধু দুই তিন",
    "mr": "नाही नका न कधीही शिवाय सर्व प्रत्येक काही फक्त दोन तीन",
    "ta": "இல்லை இல்லாமல் வேண்டாம் எல்லா ஒவ்வொரு சில மட்டும் இரண்டு மூன்று",
    "te": "కాదు లేదు లేకుండా అన్ని ప్రతి కొన్ని మాత్రమే రెండు మూడు",
    "th": "ไม่ มิ อย่า ไม่มี ไม่ได้ ไม่เคย ปราศจาก ทุก ทั้งหมด บาง น้อย มาก เท่านั้น สอง สาม สี่ ห้า",
    "vi": "không chẳng chưa đừng chả tất mọi mỗi vài ít nhiều chỉ hai ba bốn năm",
    "id": "tidak bukan jangan belum tanpa tak semua setiap beberapa sedikit banyak hanya dua tiga empat lima",
    "sw": "si hapana kamwe bila wala hakuna wote yote kila baadhi wachache wengi tu mbili tatu",
    "zh": "不 没 没有 沒 沒有 无 無 未 非 别 別 从不 從不 所有 每 每个 一些 很少 很多 只 一 二 两 兩 三 四 五 "
    "六 七 八 九 十",
    "ja": "ない なかっ ず ぬ ません なし 無い 全て すべて 毎 だけ 一 二 三 四 五 六 七 八 九 十",
    "ko": "안 못 않 없다 없는 아니다 아니 모든 모두 매 몇 조금 많이 만 둘 셋 두 세",
    "fi": "ei en et emme ette eivät koskaan kukaan mikään ilman kaikki jokainen vain kaksi kolme",
    "hu": "nem ne soha senki semmi nélkül sem minden néhány csak két kettő három",
    "et": "ei mitte kunagi keegi midagi ilma kõik iga ainult kaks kolm",
    "eu": "ez inoiz inor ezer gabe guztiak bakoitza batzuk bakarrik bi hiru",
    "ka": "არ არა ვერ ნუ არასოდეს არავინ არაფერი ყველა თითოეული მხოლოდ ორი სამი",
    "ht": "pa pap jamè pèsonn anyen san ni tout chak kèk sèlman de twa",
    "qu": "mana ama manan llapan sapa iskay kimsa",
}  # fmt: skip


def is_function_word(word: str, language: str) -> bool:
    """Whether a word negates, counts, or holds figures."""
    return any(char.isnumeric() for char in word) or word.lower() in _function_words(language_of(language))


@lru_cache(maxsize=128)
def _function_words(language: str) -> frozenset[str]:
    return frozenset(_FUNCTION_WORDS.get(language, "").split())
