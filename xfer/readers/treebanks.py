"""Which treebanks of Universal Dependencies XTREME's and XTREME-R's parts of speech are made of."""

# Treebanks of Universal Dependencies 2.5 that XTREME's file-name prefix selects, and for the languages that
# XTREME-R adds those of 2.7 (reference: languages.csv). Those whose forms are masked give few or no sentences.
TREEBANKS = {
    language: tuple(names.split())
    for language, names in {
        "af": "AfriBooms", "ar": "PADT PUD NYUAD", "bg": "BTB", "de": "GSD HDT LIT PUD", "el": "GDT",
        "en": "EWT GUM LinES ParTUT PUD Pronouns ESL", "es": "AnCora GSD PUD", "et": "EDT EWT", "eu": "BDT",
        "fa": "Seraji", "fi": "FTB PUD TDT", "fr": "FQB GSD ParTUT PUD Sequoia Spoken FTB", "he": "HTB",
        "hi": "HDTB PUD", "hu": "Szeged", "id": "GSD PUD", "it": "ISDT ParTUT PoSTWITA PUD TWITTIRO VIT",
        "ja": "GSD Modern PUD BCCWJ", "kk": "KTB", "ko": "GSD Kaist PUD", "mr": "UFAL", "nl": "Alpino LassySmall",
        "pt": "Bosque GSD PUD", "ru": "GSD PUD SynTagRus Taiga", "ta": "TTB", "te": "MTG", "th": "PUD", "tl": "TRG",
        "tr": "GB IMST PUD", "ur": "UDTB", "vi": "VTB", "yo": "YTB", "zh": "CFL GSD GSDSimp HK PUD",
        "lt": "ALKSNIS HSE", "pl": "LFG PDB PUD", "uk": "IU", "wo": "WTB", "ro": "Nonstandard RRT SiMoNERo",
    }.items()
}  # fmt: skip

ALL_SPLITS = ("train", "dev", "test")
# Treebanks without all three splits: most were made as tests alone.
TREEBANK_SPLITS = dict.fromkeys("PUD Pronouns CFL HK FQB LIT TRG YTB GB Modern".split(), ("test",)) | {
    "KTB": ("train", "test")
}
# Their words stand behind a licence: "_" in the files, so that no sentence is left of them.
MASKED_TREEBANKS = ("ar NYUAD", "en ESL", "fr FTB", "ja BCCWJ")
