"""Every built-in name and where it lives: the one table to read first.

``kind -> name -> "module:Class"``. Plain strings, so that reading the table imports nothing.
"""

CATALOG: dict[str, dict[str, str]] = {
    "reader": {
        "mnli": "xfer.readers.nli:Mnli",
        "xnli": "xfer.readers.nli:Xnli",
        "snli": "xfer.readers.anli:Snli",
        "anli": "xfer.readers.anli:Anli",
        "anli_plus": "xfer.readers.anli:AnliPlus",
        "qqp": "xfer.readers.paraphrase:Qqp",
        "paws": "xfer.readers.paraphrase:Paws",
        "pawsx": "xfer.readers.paraphrase:Pawsx",
        "hellaswag": "xfer.readers.commonsense:HellaSwag",
        "cosmos_qa": "xfer.readers.commonsense:CosmosQa",
        "commonsense_qa": "xfer.readers.commonsense:CommonsenseQa",
        "social_iqa": "xfer.readers.commonsense:SocialIqa",
        "copa": "xfer.readers.causes:Copa",
        "xcopa": "xfer.readers.causes:Xcopa",
        "squad_v1": "xfer.readers.qa:SquadV1",
        "squad_v2": "xfer.readers.qa:SquadV2",
        "xquad": "xfer.readers.multilingual_qa:Xquad",
        "mlqa": "xfer.readers.multilingual_qa:Mlqa",
        "tydiqa": "xfer.readers.multilingual_qa:Tydiqa",
        "udpos": "xfer.readers.tagging:Udpos",
        "panx": "xfer.readers.tagging:Panx",
        "ccg": "xfer.readers.ccg:Ccg",
        "squad_r": "xfer.readers.lareqa:SquadR",
        "lareqa": "xfer.readers.lareqa:Lareqa",
        "mewsli_x": "xfer.readers.mewsli:MewsliX",
        "bucc": "xfer.readers.bitext:Bucc",
        "tatoeba": "xfer.readers.bitext:Tatoeba",
        "text": "xfer.readers.text:Text",
        "files": "xfer.readers.files:Files",
    },
    "model": {
        "pretrained": "xfer.models.pretrained:Pretrained",
        "scratch": "xfer.models.scratch:Scratch",
    },
    "trainer": {
        "finetune": "xfer.trainers.finetune:Finetune",
    },
    "mixer": {
        "proportional": "xfer.trainers.mixers:Proportional",
        "capped": "xfer.trainers.mixers:Capped",
        "temperature": "xfer.trainers.mixers:Temperature",
        "uniform": "xfer.trainers.mixers:Uniform",
        "explicit": "xfer.trainers.mixers:Explicit",
        "curriculum": "xfer.trainers.mixers:Curriculum",
        "joint": "xfer.trainers.mixers:Joint",
    },
    "head": {
        "domain": "xfer.models.domain.heads:Domain",
        "cdan": "xfer.models.domain.heads:Cdan",
        "confusion": "xfer.models.domain.heads:Confusion",
        "wasserstein": "xfer.models.domain.heads:Wasserstein",
    },
    "adversary": {
        "none": "xfer.trainers.adversaries.base:Plain",
        "fgm": "xfer.trainers.adversaries.losses:Fgm",
        "pgd": "xfer.trainers.adversaries.losses:Pgd",
        "freeat": "xfer.trainers.adversaries.losses:FreeAt",
        "freelb": "xfer.trainers.adversaries.losses:FreeLb",
        "infobert": "xfer.trainers.adversaries.infobert:InfoBert",
        "smoothing": "xfer.trainers.adversaries.losses:Smoothing",
        "smart": "xfer.trainers.adversaries.consistency:Smart",
        "alum": "xfer.trainers.adversaries.consistency:Alum",
        "vat": "xfer.trainers.adversaries.consistency:Vat",
        "r3f": "xfer.trainers.adversaries.consistency:R3f",
        "r4f": "xfer.trainers.adversaries.consistency:R4f",
    },
    "attacker": {
        "typos": "xfer.attackers.typos:Typos",
        "diacritics": "xfer.attackers.writing:Diacritics",
        "homoglyphs": "xfer.attackers.writing:Homoglyphs",
        "invisible": "xfer.attackers.writing:Invisible",
        "case": "xfer.attackers.writing:Case",
        "ocr": "xfer.attackers.writing:Ocr",
        "spelling": "xfer.attackers.writing:Spelling",
        "transliterate": "xfer.attackers.writing:Transliterate",
        "numbers": "xfer.attackers.writing:Numbers",
        "ime": "xfer.attackers.methods:Ime",
        "width": "xfer.attackers.methods:Width",
        "synonyms": "xfer.attackers.words:Synonyms",
        "code_mixing": "xfer.attackers.words:CodeMixing",
        "code_mixing_search": "xfer.attackers.mixing:CodeMixingSearch",
        "word_order": "xfer.attackers.words:WordOrder",
        "option_order": "xfer.attackers.orders:OptionOrder",
        "pair_swap": "xfer.attackers.orders:PairSwap",
        "cross_language": "xfer.attackers.switch:CrossLanguage",
        "entity_swap": "xfer.attackers.entities:EntitySwap",
        "distractor": "xfer.attackers.questions:Distractor",
        "context_shuffle": "xfer.attackers.questions:ContextShuffle",
        "tautology": "xfer.attackers.stress:Tautology",
        "negation": "xfer.attackers.stress:Negation",
        "textattack": "xfer.attackers.textattack:TextAttack",
    },
}

FORMS: dict[str, str] = {
    "classify": "xfer.forms.classify:Classify",
    "choose": "xfer.forms.choose:Choose",
    "mask": "xfer.forms.mask:Mask",
    "tag": "xfer.forms.tag:Tag",
    "span": "xfer.forms.span:Span",
    "retrieve": "xfer.forms.retrieve:Retrieve",
}

COMMANDS: dict[str, str] = {
    name: f"xfer.commands.{name}:{name}"
    for name in ("attack", "check", "count", "explain", "export", "read", "report", "schema", "score", "train")
} | {"list": "xfer.commands.listing:listing", "show": "xfer.commands.show:show"}
