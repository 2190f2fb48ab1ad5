"""How likely a text is one that people wrote, judged by its letters beyond ASCII.

Used to tell the older encodings apart: read in the wrong one, a text has letters that no one language uses
together, rare characters, and capitals inside words.
"""

from __future__ import annotations

import re

_WESTERN = (
    "äöüßé",  # German
    "éèêëàâçîïôùûœæ",  # French
    "áéíóúñüºª",  # Spanish
    "àèéìòù",  # Italian
    "áâãàçéêíóôõúºª",  # Portuguese
    "æøåéäö",  # Danish, Norwegian, Swedish, Finnish
    "éëïóöü",  # Dutch
    "áðéíóúýþæö",  # Icelandic
)
_CENTRAL = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "ăâîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovene
)
_CYRILLIC = ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя")
_LANGUAGES = {
    "cp1252": _WESTERN,
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp1251": _CYRILLIC,
    "koi8-r": _CYRILLIC,
}
_SIGNS = frozenset("€£¥§©®™°±²³µ·½¼¾×«»‹›„“”‚‘’–—…•¿¡\u00a0\u00ad")

_COMMON = {
    "gb18030": frozenset(
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所"
        "民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天四日"
        "事平形相全表间样与关各重新线内数正心反明看原又利比或但质气第向道变条只没结解问意建月公无系情者最立代想已通并提直题程展"
        "五果料象员位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别手角期根论运指几九区强放决西被干做"
        "先回则任取据处南给色光门即保北造百规热七海口东导器压世金增油术极交受认六共收证改清美再采转更单风切打白速花带安场身车"
        "真务具万每目至达走积示声报完类八离华名确才科信马节话米整空元今集温传土许步广石需段界林究装影算低持音书布复容须际商非"
        "连断深近千周素技备半青列约支般感便往市克何除消构称太准精值号率选标存候毛快效查型按格易置层片始专状厂适圆包火住调满照"
        "参红细引铁价灯桌椅床茶杯衣鞋黑木棉皮套双"
    ),
    "big5": frozenset(
        "的一是不了人我在有他這為之大來以個中上們到說國和地也子時道出而要於就下得可你年生自會那後能對著事其裡所去行過家十用發天如然"
        "作方成者多日都三小二無同麼經法當起與好看學進種將還分此心前面又定見只主沒公從電機器產品質線體式長高度開關燈檯桌椅車門風熱"
        "水黑白紅色木棉"
    ),
    "cp949": frozenset(
        "이다는의가에을를한로은고도하지서기인사자대해리어나시정일과부상보수제아전스라주트그조장여비구성원무드동화용소음식색블랙형조절"
        "면순커피터카세의자북유럽"
    ),
}
_CAPITAL_INSIDE = re.compile(r"[^\W\d_A-Z][A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻČĎĚŇŘŠŤŮŽА-ЯЁ](?![A-Z])")


def score(text: str, encoding: str) -> float:
    """From 0 (noise) to 1 for a text that was decoded as `encoding`."""
    beyond = [c for c in text if c > "\x7f"]
    if not beyond:
        return 0.0
    if encoding in _LANGUAGES:
        return _alphabetic(text, beyond, _LANGUAGES[encoding])
    worth = {"gb18030": _chinese, "big5": _traditional, "cp949": _korean}.get(encoding, _japanese)
    return sum(-1.0 if c == "\ufffd" else worth(c) for c in beyond) / len(beyond)


def _alphabetic(text: str, beyond: list[str], languages: tuple[str, ...]) -> float:
    letters = [c for c in beyond if c.isalpha() and c not in _SIGNS]
    signs = sum(c in _SIGNS for c in beyond)
    inside = len(_MISPLACED.findall(text))
    low = "".join(letters).lower()
    known = max((sum(c in language for c in low) for language in languages), default=0)
    faults = len(_CAPITAL_INSIDE.findall(text)) + len(_TWO_SCRIPTS.findall(text))
    return (known + 0.9 * (signs - inside) - faults) / len(beyond)


_MISPLACED = re.compile(r"(?<=[^\W\d_])[²³¹µ·½¼¾×¿¡±§£¥©«»°](?=[^\W\d_])")
"""Signs in the middle of a word: Polish taken for Western European."""


_TWO_SCRIPTS = re.compile(r"[A-Za-z][а-яёА-ЯЁ]|[а-яёА-ЯЁ][A-Za-z]")


def _chinese(c: str) -> float:
    if c in _COMMON["gb18030"]:
        return 1.0
    try:
        lead = c.encode("gb2312")[0]
    except UnicodeEncodeError:
        return 0.05
    if lead in (0xA1, 0xA3):
        return 0.7  # full-width signs
    return 0.6 if 0xB0 <= lead <= 0xD7 else 0.2 if lead > 0xD7 else 0.05


def _traditional(c: str) -> float:
    if c in _COMMON["big5"]:
        return 1.0
    lead = c.encode("big5", "replace")[0]
    return 0.55 if 0xA1 <= lead <= 0xC6 else 0.1


def _korean(c: str) -> float:
    if c in _COMMON["cp949"]:
        return 1.0
    if not "가" <= c <= "힣":
        return 0.1
    try:
        c.encode("euc_kr")
    except UnicodeEncodeError:
        return 0.05  # one of the 8,822 syllables that no word has
    return 0.6


def _japanese(c: str) -> float:
    if "\u3041" <= c <= "\u30ff" or c in "、。「」・":
        return 1.0
    if "\uff61" <= c <= "\uff9f":
        return 0.05  # half-width katakana: what other encodings look like in Shift JIS
    try:
        lead = c.encode("euc_jp")[0]
    except UnicodeEncodeError:
        return 0.05
    return 0.55 if 0xB0 <= lead <= 0xCF else 0.6 if lead in (0xA1, 0xA3) else 0.15
