"""Words in the letters of another script, by rules: as people write without their own keyboard.

Hand-made tables of what is common on the net and in passports, not of a library standard: Cyrillic, Greek, Arabic
(with Persian and Urdu letters), Hebrew, nine Indic scripts (parallel blocks, one table), Georgian, Hangul, kana.
Cyrillic, Greek, Devanagari and Arabic are written back from Latin by the longest letters first.
May import: hangul, scripts, the standard library.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from xfer.text import hangul
from xfer.text.scripts import INDIC_BLOCKS, KATAKANA_OFFSET, ZWNJ, is_mark, script_of


def _parse_table(text: str) -> dict[str, str]:
    cells = (cell.partition("=") for cell in text.split())
    return {char: new for chars, _, new in cells for char in chars.split(",")}


_CYRILLIC_LETTERS = _parse_table("""
    а=a б=b в=v г=g д=d е=e ё=yo ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh
    щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=yi є=ye ґ=g ў=w ә=a ғ=gh қ=q ң=ng ө=o ұ=u ү=u һ=h
    љ=lj њ=nj ђ=dj ћ=c џ=dz ј=j ѕ=dz ѓ=gj ќ=kj
""")
_CYRILLIC_BY_LANGUAGE = {
    "uk": _parse_table("г=h и=y х=kh ї=i"),
    "be": _parse_table("г=h"),
    "bg": _parse_table("щ=sht ъ=a х=h ц=ts ь=y"),
    "sr": _parse_table("ж=z х=h ц=c ч=c ш=s"),
    "mk": _parse_table("ж=z х=h ц=c ч=c ш=s"),
}
_GREEK = _parse_table("""
    α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o
    ου=ou αι=ai ει=ei οι=oi μπ=b ντ=nt γκ=gk
""")
_ARABIC_LETTERS = _parse_table("""
    ا=a أ=a إ=i آ=aa ٱ=a ب=b ت=t ث=th ج=j ح=h خ=kh د=d ذ=dh ر=r ز=z س=s ش=sh ص=s ض=d ط=t ظ=z ع=a غ=gh ف=f ق=q ك=k ل=l
    م=m ن=n ه=h و=w ي=y ى=a ة=a ء= ؤ=o ئ=e َ=a ُ=u ِ=i ً=an ٌ=un ٍ=in ّ= ْ= ٰ=a ـ=
    پ=p چ=ch ژ=zh گ=g ک=k ی=i ٹ=t ڈ=d ڑ=r ں=n ھ=h ہ=h ۃ=t ے=e
""")
_HEBREW = _parse_table("""
    א=a ב=b ג=g ד=d ה=h ו=v ז=z ח=ch ט=t י=y כ=k ך=k ל=l מ=m ם=m נ=n ן=n ס=s ע=a פ=p ף=f צ=ts ץ=ts ק=k ר=r ש=sh ת=t
""")
_GEORGIAN = _parse_table("""
    ა=a ბ=b გ=g დ=d ე=e ვ=v ზ=z თ=t ი=i კ=k ლ=l მ=m ნ=n ო=o პ=p ჟ=zh რ=r ს=s ტ=t უ=u ფ=p ქ=k ღ=gh ყ=q შ=sh ჩ=ch ც=ts
    ძ=dz წ=ts ჭ=ch ხ=kh ჯ=j ჰ=h
""")
_INDIC_VOWELS = _parse_table("अ=a आ=aa इ=i ई=ee उ=u ऊ=oo ऋ=ri ऎ=e ए=e ऐ=ai ऒ=o ओ=o औ=au ऑ=o")
_INDIC_SIGNS = _parse_table("ा=aa ि=i ी=ee ु=u ू=oo ृ=ri ॆ=e े=e ै=ai ॊ=o ो=o ौ=au ॉ=o")
_INDIC_CONSONANTS = _parse_table("""
    क=k ख=kh ग=g घ=gh ङ=ng च=ch छ=chh ज=j झ=jh ञ=ny ट=t ठ=th ड=d ढ=dh ण=n त=t थ=th द=d ध=dh न=n ऩ=n प=p फ=ph ब=b भ=bh
    म=m य=y र=r ऱ=r ल=l ळ=l ऴ=zh व=v श=sh ष=sh स=s ह=h
""")
_INDIC_NASALS = _parse_table("ँ=n ं=n ः=h")
_KANA_SYLLABLES = _parse_table("""
    あ=a い=i う=u え=e お=o か=ka き=ki く=ku け=ke こ=ko さ=sa し=shi す=su せ=se そ=so た=ta ち=chi つ=tsu て=te
    と=to な=na に=ni ぬ=nu ね=ne の=no は=ha ひ=hi ふ=fu へ=he ほ=ho ま=ma み=mi む=mu め=me も=mo や=ya ゆ=yu よ=yo
    ら=ra り=ri る=ru れ=re ろ=ro わ=wa を=o ん=n が=ga ぎ=gi ぐ=gu げ=ge ご=go ざ=za じ=ji ず=zu ぜ=ze ぞ=zo
    だ=da ぢ=ji づ=zu で=de ど=do ば=ba び=bi ぶ=bu べ=be ぼ=bo ぱ=pa ぴ=pi ぷ=pu ぺ=pe ぽ=po ゔ=vu
    ぁ=a ぃ=i ぅ=u ぇ=e ぉ=o
""")
_SMALL_Y = {"ゃ": "ya", "ゅ": "yu", "ょ": "yo"}
_JAMO_SOUNDS = _parse_table("""
    ㄱ=g ㄲ=kk ㄴ=n ㄷ=d ㄸ=tt ㄹ=r ㅁ=m ㅂ=b ㅃ=pp ㅅ=s ㅆ=ss ㅇ= ㅈ=j ㅉ=jj ㅊ=ch ㅋ=k ㅌ=t ㅍ=p ㅎ=h
    ㅏ=a ㅐ=ae ㅑ=ya ㅒ=yae ㅓ=eo ㅔ=e ㅕ=yeo ㅖ=ye ㅗ=o ㅘ=wa ㅙ=wae ㅚ=oe ㅛ=yo ㅜ=u
    ㅝ=wo ㅞ=we ㅟ=wi ㅠ=yu ㅡ=eu ㅢ=ui ㅣ=i
""")
# What a final consonant sounds like; the revised romanisation without what happens between syllables.
_FINAL_SOUNDS = _parse_table("""
    ㄱ,ㄲ,ㅋ,ㄳ,ㄺ=k ㄴ,ㄵ,ㄶ=n ㄷ,ㅅ,ㅆ,ㅈ,ㅊ,ㅌ,ㅎ=t ㄹ,ㄼ,ㄽ,ㄾ,ㅀ=l ㅁ,ㄻ=m ㅂ,ㅍ,ㅄ,ㄿ=p ㅇ=ng
""")

_BACK = {
    "Cyrillic": _parse_table("""
        shch=щ zh=ж kh=х ts=ц ch=ч sh=ш yu=ю ya=я yo=ё a=а b=б c=к d=д e=е f=ф g=г h=х i=и j=дж k=к l=л m=м n=н o=о p=п
        q=к r=р s=с t=т u=у v=в w=в x=кс y=й z=з
    """),
    "Greek": _parse_table("""
        th=θ ch=χ ps=ψ ou=ου a=α b=μπ c=κ d=ντ e=ε f=φ g=γκ h=χ i=ι j=τζ k=κ l=λ m=μ n=ν o=ο p=π q=κ r=ρ s=σ t=τ u=ου
        v=β w=ου x=ξ y=ι z=ζ
    """),
    "Arabic": _parse_table("""
        kh=خ sh=ش gh=غ th=ث dh=ذ ch=تش ee=ي oo=و a=ا b=ب c=ك d=د e=ي f=ف g=ج h=ه i=ي j=ج k=ك l=ل m=م n=ن o=و p=ب q=ق r=ر
        s=س t=ت u=و v=ف w=و x=كس y=ي z=ز
    """),
}
_DEVANAGARI_LETTERS = _parse_table("""
    kh=ख gh=घ chh=छ ch=च jh=झ th=थ dh=ध ph=फ bh=भ sh=श b=ब c=क d=द f=फ g=ग h=ह j=ज k=क l=ल m=म n=न p=प q=क r=र s=स
    t=त v=व w=व x=क्स y=य z=ज
""")
_DEVANAGARI_VOWELS = {
    "aa": ("आ", "ा"), "ee": ("ई", "ी"), "oo": ("ऊ", "ू"), "ai": ("ऐ", "ै"), "au": ("औ", "ौ"),
    "a": ("अ", "ा"), "e": ("ए", "े"), "i": ("इ", "ि"), "o": ("ओ", "ो"), "u": ("उ", "ु"),
}  # fmt: skip


def transliterate_word(word: str, language: str, to: str) -> str:
    """``word`` (of one script) in the letters of ``to``; the same word where no rule leads from one to the other."""
    script = script_of(word[0])
    if to == "latin":
        result = _romanised(unicodedata.normalize("NFC", word.replace(ZWNJ, "")).lower(), language, script)
    elif script == "Latin":
        result = _from_latin(_unmarked_lower(word), to.title())
    else:
        return word
    # A word of signs alone, or with a letter that no rule has, stays as it is: half a word helps nobody.
    if not result or any(script_of(char) == script or is_mark(char) and to != "devanagari" for char in result):
        return word
    return _matched_case(word, result)


def _matched_case(word: str, result: str) -> str:
    if len(word) > 1 and word.isupper():
        return result.upper()
    return result[:1].upper() + result[1:] if word[:1].isupper() else result


def _unmarked_lower(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", word.lower()) if not is_mark(char))


def _romanised(word: str, language: str, script: str) -> str:
    if script in INDIC_BLOCKS:
        return _romanised_indic(
            word, INDIC_BLOCKS[script] - INDIC_BLOCKS["Devanagari"], language in _SILENT_FINAL_VOWEL
        )
    if script == "Hangul":
        return "".join(map(_romanised_syllable, word))
    if script in ("Hiragana", "Katakana"):
        return _romanised_kana(word)
    table = _latin_table(script, language)
    return _longest_matches(_unmarked_greek(word) if script == "Greek" else word, table) if table else word


@lru_cache(maxsize=256)
def _latin_table(script: str, language: str) -> dict[str, str]:
    tables = {
        "Cyrillic": _CYRILLIC_LETTERS,
        "Greek": _GREEK,
        "Arabic": _ARABIC_LETTERS,
        "Hebrew": _HEBREW,
        "Georgian": _GEORGIAN,
    }
    language_table = _CYRILLIC_BY_LANGUAGE.get(language, {}) if script == "Cyrillic" else {}
    return {**tables.get(script, {}), **language_table}


def _unmarked_greek(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", word) if not is_mark(char))


def _longest_matches(word: str, table: dict[str, str]) -> str:
    longest, position, pieces = max(map(len, table)), 0, []
    while position < len(word):
        size = next((n for n in range(longest, 0, -1) if word[position : position + n] in table), 0)
        pieces.append(table[word[position : position + size]] if size else word[position])
        position += size or 1
    return "".join(pieces)


_SILENT_FINAL_VOWEL = frozenset(("hi", "mr", "ur", "pa", "gu", "bn", "ne"))  # where the last consonant loses its vowel


def _romanised_indic(word: str, offset: int, silent: bool) -> str:
    """Letters with the vowel that they hold unless a sign or a virama says otherwise; none after the last one in
    the languages that do not speak it."""
    result, chars = "", [chr(ord(char) - offset) if ord(char) in range(0x900, 0xD80) else char for char in word]
    chars = [char for char in chars if ord(char) != 0x93C]  # the nukta, which composed text keeps apart
    for position, char in enumerate(chars):
        after = chars[position + 1] if position + 1 < len(chars) else ""
        if char in _INDIC_CONSONANTS:
            voiced = after != "\u094d" and after not in _INDIC_SIGNS and (after or not silent or len(chars) == 1)
            result += _INDIC_CONSONANTS[char] + ("a" if voiced else "")
        elif char != "\u094d" and char not in "\u200c\u200d":
            vowel = _INDIC_VOWELS.get(char) or _INDIC_SIGNS.get(char) or _INDIC_NASALS.get(char)
            result += vowel or chr(ord(char) + offset)
    return result


def _romanised_syllable(char: str) -> str:
    jamos = hangul.decompose_syllable(char)
    if jamos is None:
        return char
    first, vowel, last = jamos
    return _JAMO_SOUNDS[first] + _JAMO_SOUNDS[vowel] + (_FINAL_SOUNDS.get(last, "") if last else "")


def _romanised_kana(word: str) -> str:
    result, double = "", False
    for char in word:
        kana = chr(ord(char) - KATAKANA_OFFSET) if 0x30A1 <= ord(char) <= 0x30F4 else char
        if kana == "っ":
            double = True
            continue
        new = (
            _SMALL_Y.get(kana)
            if kana in _SMALL_Y and result.endswith("i")
            else _KANA_SYLLABLES.get(kana, _SMALL_Y.get(kana))
        )
        if kana == "ー":
            new = result[-1:]
        if new is None:
            return word
        if kana in _SMALL_Y and result.endswith("i"):
            stem = result[:-1]
            result = stem + (new[1:] if stem.endswith(("sh", "ch", "j")) else new)
        else:
            result += ("t" if new.startswith("ch") else new[:1]) + new if double else new
        double = False
    return result


def _from_latin(word: str, script: str) -> str:
    if script != "Devanagari":
        result = _longest_matches(word, _BACK[script])
        return result[:-1] + "ς" if script == "Greek" and result.endswith("σ") else result
    return _to_devanagari(word)


def _to_devanagari(word: str) -> str:
    result, position, bare = "", 0, False  # bare: the letter before holds no vowel yet
    while position < len(word):
        for size in (3, 2, 1):
            piece = word[position : position + size]
            if piece in _DEVANAGARI_LETTERS and len(piece) == size:
                result += ("\u094d" if bare else "") + _DEVANAGARI_LETTERS[piece]
                bare = True
                break
            if piece in _DEVANAGARI_VOWELS and len(piece) == size:
                last = position + size == len(word)
                letter, sign = _DEVANAGARI_VOWELS[piece]
                result += ("" if piece == "a" and not last else sign) if bare else letter
                bare = False
                break
        else:
            return word
        position += size
    return result
