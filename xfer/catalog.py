"""Every built-in name and where it lives: the one table to read first.

``kind -> name -> "module:Class"``. Plain strings, so that reading the table imports nothing.
"""

CATALOG: dict[str, dict[str, str]] = {
    "reader": {
        "mnli": "xfer.readers.nli:Mnli",
        "xnli": "xfer.readers.nli:Xnli",
        "hellaswag": "xfer.readers.choice:HellaSwag",
        "cosmos_qa": "xfer.readers.choice:CosmosQa",
        "commonsense_qa": "xfer.readers.choice:CommonsenseQa",
        "social_iqa": "xfer.readers.choice:SocialIqa",
        "copa": "xfer.readers.choice:Copa",
        "xcopa": "xfer.readers.choice:Xcopa",
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
    },
    "attacker": {
        "typos": "xfer.attackers.typos:Typos",
        "textattack": "xfer.attackers.textattack:TextAttack",
    },
}

FORMS: dict[str, str] = {
    "classify": "xfer.forms.classify:Classify",
    "choose": "xfer.forms.choose:Choose",
    "mask": "xfer.forms.mask:Mask",
    "span": "xfer.forms.span:Span",
}

COMMANDS: dict[str, str] = {
    name: f"xfer.commands.{name}:{name}"
    for name in ("check", "explain", "export", "read", "report", "schema", "score", "train")
} | {"list": "xfer.commands.listing:listing", "show": "xfer.commands.show:show"}
