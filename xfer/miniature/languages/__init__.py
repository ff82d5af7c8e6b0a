"""The eleven languages, by their XNLI codes in alphabetical order."""

from xfer.miniature.languages import ar, de, el, en, es, hi, ru, sw, th, tr, zh
from xfer.miniature.languages.table import Language

BY_CODE: dict[str, Language] = {
    module.LANGUAGE.code: module.LANGUAGE for module in (ar, de, el, en, es, hi, ru, sw, th, tr, zh)
}
