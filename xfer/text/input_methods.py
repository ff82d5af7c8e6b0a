"""What an input method makes of a slip: Korean keys, Japanese and Chinese conversion, Vietnamese Telex.

Pure functions from a word to the words that may come out, in a fixed order, without the word itself. Words that
say not, and number words, stay, since to lose those changes what a sentence says.
May import: hangul, homophones, scripts, the standard library.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from xfer.text.hangul import compose_syllable, decompose_syllable, type_keys, word_keystrokes
from xfer.text.homophones import confusion_table
from xfer.text.scripts import script_of

_SHIFTED = str.maketrans("ㄲㄸㅃㅆㅉㅒㅖ", "ㄱㄷㅂㅅㅈㅐㅔ")
_NOT_KOREAN = ("안", "못", "없", "아니", "않", "말")
_KANA_OFFSET = 0x60
# The same word in Chinese characters and in kana; where a word has several readings it is left out.
_READINGS = """
    今日=きょう 明日=あした 昨日=きのう 今年=ことし 去年=きょねん 時間=じかん 場所=ばしょ 言葉=ことば 子供=こども
    友達=ともだち 大人=おとな 先生=せんせい 学校=がっこう 仕事=しごと 家族=かぞく 電車=でんしゃ 新聞=しんぶん
    料理=りょうり 野菜=やさい 果物=くだもの 動物=どうぶつ 世界=せかい 歴史=れきし 音楽=おんがく 映画=えいが
    写真=しゃしん 会社=かいしゃ 病院=びょういん 医者=いしゃ 女性=じょせい 男性=だんせい 問題=もんだい 質問=しつもん
    電話=でんわ 天気=てんき 全部=ぜんぶ 本当=ほんとう 沢山=たくさん 例えば=たとえば 全て=すべて 既に=すでに
    特に=とくに 更に=さらに 出来る=できる 下さい=ください 美味しい=おいしい 可愛い=かわいい 嬉しい=うれしい
    楽しい=たのしい 新しい=あたらしい 古い=ふるい 大きい=おおきい 小さい=ちいさい 大きな=おおきな 小さな=ちいさな
    食べ=たべ 飲み=のみ 読み=よみ 書き=かき 話し=はなし 歩き=あるき 走り=はしり 使い=つかい 思い=おもい
    考え=かんがえ 見え=みえ 教え=おしえ 買い=かい 始め=はじめ 犬=いぬ 猫=ねこ 鳥=とり 魚=さかな 馬=うま 花=はな
    山=やま 川=かわ 海=うみ 空=そら 雨=あめ 雪=ゆき 町=まち 村=むら 国=くに 車=くるま 水=みず 茶=ちゃ 肉=にく
    卵=たまご 窓=まど 机=つくえ 椅子=いす 鍵=かぎ 箱=はこ 帽子=ぼうし
"""
_KANA_SIZES = "つっ やゃ ゆゅ よょ あぁ いぃ うぅ えぇ おぉ"
_TELEX_LETTERS = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_TELEX_TONES = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}


def input_slips(word: str, language: str, han: str) -> list[str]:
    """What a word may come out as; ``han`` names the table of confused Chinese characters."""
    script = script_of(word[0])
    if script == "Hangul":
        candidates = [] if any(word.startswith(start) for start in _NOT_KOREAN) or "않" in word else korean_slips(word)
    elif language == "ja" and script in ("Han", "Hiragana", "Katakana"):
        candidates = japanese_slips(word)
    elif script == "Han":
        candidates = [
            word[:i] + new + word[i + 1 :] for i, char in enumerate(word) for new in confusion_table(han).get(char, ())
        ]
    elif language == "vi" and script == "Latin":
        candidates = [telex_keys(word)]
    else:
        candidates = []
    return [candidate for candidate in dict.fromkeys(candidates) if candidate and candidate != word]


def korean_slips(word: str) -> list[str]:
    """A key pressed without shift, two keys in the wrong order, a key pressed twice, a final written as it sounds."""
    keys = word_keystrokes(word)
    candidates = [type_keys(keys[:i] + key.translate(_SHIFTED) + keys[i + 1 :]) for i, key in enumerate(keys)]
    candidates += [type_keys(keys[:i] + keys[i + 1] + keys[i] + keys[i + 2 :]) for i in range(len(keys) - 1)]
    candidates += [type_keys(keys[:i] + keys[i] + keys[i:]) for i in range(1, len(keys))]
    candidates += [written_liaison(word, i) for i in range(len(word) - 1)]
    return candidates


def written_liaison(word: str, index: int) -> str:
    """The final consonant of the syllable at ``place`` written where it is heard: at a next syllable without one."""
    syllable, following = decompose_syllable(word[index]), decompose_syllable(word[index + 1])
    if not syllable or not following or following[0] != "ㅇ" or syllable[2] in ("", "ㅇ", "ㅎ"):
        return word
    left, right = compose_syllable(syllable[0], syllable[1]), compose_syllable(syllable[2], following[1], following[2])
    return word[:index] + left + right + word[index + 2 :] if left and right else word


def japanese_slips(word: str) -> list[str]:
    """Not converted to characters, converted to the other kana, or with small kana for large and the other way."""
    candidates = [reading + word[len(kanji) :] for kanji, reading in _kana_readings() if word.startswith(kanji)][:1]
    if all(script_of(char) == "Hiragana" for char in word) and len(word) > 1:
        candidates.append("".join(_shifted_kana(char, _KANA_OFFSET) for char in word))
    if all(script_of(char) == "Katakana" or char == "ー" for char in word) and len(word) > 1:
        candidates.append("".join(_shifted_kana(char, -_KANA_OFFSET) for char in word))
    return candidates + [
        word[:i] + _kana_sizes()[char] + word[i + 1 :] for i, char in enumerate(word) if char in _kana_sizes()
    ]


def telex_keys(word: str) -> str:
    """A word as its keys were pressed, the method switched off: "việt" is "vieejt", the tone after its vowel."""
    typed_keys = ""
    for char in unicodedata.normalize("NFC", word):
        letters = unicodedata.normalize("NFD", char)
        tones = "".join(_TELEX_TONES.get(mark, "") for mark in letters)
        plain = unicodedata.normalize("NFC", "".join(letter for letter in letters if letter not in _TELEX_TONES))
        keys = _TELEX_LETTERS.get(plain.lower(), plain)
        keys = keys.title() if plain.isupper() else keys
        typed_keys += (keys + tones).upper() if len(word) > 1 and word.isupper() else keys + tones
    return typed_keys


@lru_cache(maxsize=1)
def _kana_readings() -> tuple[tuple[str, str], ...]:
    pairs = [tuple(pair.split("=")) for pair in _READINGS.split()]
    return tuple((kanji, kana) for kanji, kana in sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))


@lru_cache(maxsize=1)
def _kana_sizes() -> dict[str, str]:
    pairs = _KANA_SIZES.split()
    pairs += ["".join(_shifted_kana(char, _KANA_OFFSET) for char in pair) for pair in pairs]
    return {kana: twin for pair in pairs for kana, twin in ((pair[0], pair[1]), (pair[1], pair[0]))}


def _shifted_kana(char: str, by: int) -> str:
    """Hiragana and katakana lie in parallel; the long mark and what has no twin stay."""
    point = ord(char)
    twin = 0x3041 <= point <= 0x3096 if by > 0 else 0x30A1 <= point <= 0x30F6
    return chr(point + by) if twin else char
