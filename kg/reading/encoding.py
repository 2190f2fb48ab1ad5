"""Which encoding a text is in. UTF-8 is read; anything else is named, with the way out.

Reading other encodings by themselves belongs here: give `guess` a say in `text_lines`.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16: its mark starts with that of UTF-16
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)

_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")


def guess(sample: bytes) -> str:
    """The name that `iconv -f` takes for what a sample looks like, or '' for no text at all."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if sample.count(0) > len(sample) // 4 and (not any(sample[0::2]) or not any(sample[1::2])):
        return "UTF-16BE" if not any(sample[0::2]) else "UTF-16LE"
    binary = 0 in sample
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # the last character may be cut
    except UnicodeDecodeError:
        if binary:
            return ""
        return "GB18030" if _looks_chinese(sample) else "WINDOWS-1252"
    return "UTF-8"


def _looks_chinese(sample: bytes) -> bool:
    # Chinese characters take two bytes above 0x80 each and come in runs; accented letters stand alone
    runs = [len(run) for run in _HIGH_RUNS.findall(sample)]
    return sum(n for n in runs if n >= 2 and n % 2 == 0) > 0.6 * sum(runs)


def advice(sample: bytes, name: str) -> str:
    """What a text that is not UTF-8 looks like, and what to do, as the end of a message."""
    looks = guess(sample)
    if not looks:
        return "it looks like a binary file; give a CSV, TSV, JSON Lines or Parquet file"
    common = {"GB18030": "GBK/GB18030 (Chinese)", "WINDOWS-1252": "Latin-1/Windows-1252"}.get(looks, looks)
    return f"it looks like {common}; convert it: iconv -f {looks} -t UTF-8 {name} > utf8-{name}"
