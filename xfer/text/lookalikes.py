"""Letters that look alike: to a reader (homoglyphs of other scripts) and to a scanner (OCR).

Hand-made data; groups and pairs stand for both directions, pairs with > for one.
May import: scripts, the standard library.
"""

from __future__ import annotations

from functools import lru_cache

from xfer.text.scripts import script_of

# Same shape in another script or as another code point: Latin, Cyrillic, Greek, Armenian.
_HOMOGLYPHS = """
    aа eе oоοօ pрρ cсϲ xх yу iі jј sѕ hһհ dԁ lӏ wԝ qԛ vνѵ uսυ nո gց
    AАΑ BВΒ EЕΕ ZΖ HНΗ IІΙ JЈ KКΚ MМΜ NΝ OОΟՕ PРΡ CСϹ SЅՏ TТΤ YҮΥ XХΧ
    ГΓ ПΠ ФΦ кκ
    يی كک
"""

# "rn m" reads: a scanner takes one for the other.
_OCR = """
    rn m; cl d; vv w; ii u; li h; l I; l 1; O 0; o 0; S 5; B 8; e c; h b; f t; n u; i l; g q; E F; ß>B;
    ä>a; ö>o; ü>u; à>a; á>a; â>a; ã>a; å>a; è>e; é>e; ê>e; ë>e; í>i; î>i; ó>o; ô>o; ú>u; û>u; ñ>n; ç>c; ş>s; ğ>g; ı>l;
    ш щ; и н; н п; п л; ы ьі; т г; е с; б 6; з 3; О 0; ц п; Ш Щ;
    ν υ; ο σ; ί>ι; κ χ; Λ Α; θ 0;
    ב כ; ד ר; ה ח; ו ז; ן ו; ם ס; ג נ; ט מ;
    ب ت; ت ث; ن ت; ج ح; ح خ; د ذ; ر ز; س ش; ص ض; ط ظ; ع غ; ف ق; پ ب; چ ج; ژ ز; گ ک;
    घ ध; भ म; ब व; प ष; थ य; ड ढ; ङ ड; ख रव; ट ठ;
    ব র; ড ভ; য ষ; ত ভ; ঘ ষ; ন ল;
    ன ள; ல வ; ப ய;
    గ న; ప వ; మ య; బ ఒ;
    ก ถ; ค ด; ค ต; ผ ฝ; พ ฟ; ช ซ; บ ป; ม น; อ ฮ; ภ ถ; ฎ ฏ;
    ក គ; ប ច; ដ ង; ထ တ; ပ ဗ; က တ;
    末 未; 己 已; 土 士; 人 入; 日 曰; 大 太; 千 干; 午 牛; 天 夫;
    甲 申; 田 由; 目 自; 刀 力; 鳥 烏; 鸟 乌; 白 自; 王 玉;
    折 拆; 治 冶; 今 令; 免 兔; 侯 候; 口 囗; 戌 戍; 微 徽; 体 休; 间 问; 間 問; 石 右; 历 厉; 设 没; 爪 瓜; 清 淸;
    シ ツ; ソ ン; ク ワ; ロ 口; カ 力; エ 工; ニ 二; ハ 八; タ 夕; ト 卜; ぬ め; ね れ; る ろ; さ き; は ほ; わ ね;
    ა ს; ვ კ; ნ წ; უ შ; ե ը; ս տ; ሀ ሃ; ለ ሰ; በ ቦ;
    김 긴; 름 듬; 을 올; 는 논; 로 르
"""
# What a reader must not be made to misread: a negation or a number word would say something else.
_KANA_SCRIPTS = ("Hiragana", "Katakana")
_SPARED = frozenset("未没沒千八二")


@lru_cache(maxsize=1)
def homoglyph_table() -> dict[str, str]:
    """For each letter, all letters of the same shape."""
    return {char: group.replace(char, "") for group in _HOMOGLYPHS.split() for char in group}


@lru_cache(maxsize=1)
def misread_table() -> dict[str, tuple[str, ...]]:
    """For each letter or pair of letters, what a scanner may read instead."""
    misreads: dict[str, list[str]] = {}
    for pair in _OCR.split(";"):
        shape, other = pair.replace(">", " ").split()
        if not _SPARED & {shape, other}:
            misreads.setdefault(shape, []).append(other)
            if not other.isdigit() and ">" not in pair:
                misreads.setdefault(other, []).append(shape)
    return {char: tuple(others) for char, others in misreads.items()}


def word_misreadings(word: str, language: str) -> list[tuple[int, int, str]]:
    """(start, end, new) of each place of ``word`` that may be misread, in order; as kana in Japanese alone."""
    table = misread_table()
    return [
        (start, start + size, new)
        for start in range(len(word))
        for size in (1, 2)
        for new in table.get(word[start : start + size], ())
        if start + size <= len(word) and (language == "ja" or script_of(new[0]) not in _KANA_SCRIPTS)
    ]
