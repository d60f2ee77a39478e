"""What the sender wrote, apart from what the mail program copied below it and from the signature.

Line by line and linear: the libraries for this are quadratic (60 kB of "On a a a" took mail-parser-reply 29 s). Nothing is thrown away:
the quotation goes to `quoted`, the signature to `signature`. When in doubt the text stays where the reader sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_ATTRIBUTION = 3  # lines over which mail programs wrap "On ... wrote:"
LONGEST_MARK = 300  # characters; a longer line is prose, not a separator
LONGEST_SIGNATURE = 15  # lines

# How programs introduce the quotation: (how it starts, the word before the colon). German, Dutch, ... put the verb in the middle.
_ATTRIBUTIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("on ",), ("wrote:", "writes:")),
    (("am ", "an ", "im "), ("schrieb:", "geschrieben:", " schrieb ")),
    (("le ",), ("a écrit :", "a écrit:", "a écrit\u00a0:")),
    (("el ", "en "), ("escribió:", "escribio:", "va escriure:")),
    (("il ", "in data "), ("ha scritto:",)),
    (("op ",), ("schreef:", " schreef ", "geschreven:")),
    (("em ", "a ", "no dia "), ("escreveu:", "escribiu:")),
    (("w dniu ", "dnia ", "pon.", "wt.", "śr.", "czw.", "pt.", "sob.", "niedz."), ("napisał(a):", "napisał:", "napisała:", "pisze:")),
    (("den ", "på ", "d. ", "tor", "man", "tir", "ons", "fre", "lør", "søn"), ("skrev:", "skrev ", "kirjoitti:")),
    (("ma ", "ti ", "ke ", "to ", "pe ", "la ", "su "), ("kirjoitti:",)),
    (("dne ", "po ", "út ", "st ", "čt ", "pá ", "so ", "ne "), ("napsal(a):", "napsal:", "napísal(a):", "napísal:")),
    (("",), ("пишет:", "написал:", "написал(а):", "писал(а):", "написала:", "пише:", "написав:", "έγραψε:", "yazdı:", "şunu yazdı:", "írta:")),
    (("",), ("a scris:", "napisao je:", "napisala:", "写道：", "写道:", "寫道：", "寫道:", "のメール:", "が書きました:", "작성:", "님이 작성:", "كتب:", "כתב:", "viết:")),
)
_ORIGINAL_MESSAGE = {
    *("original message|reply message|ursprüngliche nachricht|original-nachricht|originalnachricht|message d'origine|message d’origine").split("|"),
    *("message original|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|wiadomość oryginalna").split("|"),
    *("исходное сообщение|original meddelelse|oprindelig meddelelse|opprinnelig melding|ursprungligt meddelande").split("|"),
    *("alkuperäinen viesti|původní zpráva|pôvodná správa|eredeti üzenet|orijinal mesaj|mesaj original|αρχικό μήνυμα|原始邮件|原始郵件|元のメッセージ|원본 메시지").split("|"),
}
_FROM = ("from:", "von:", "de:", "de :", "da:", "van:", "od:", "fra:", "från:", "от:", "від:", "lähettäjä:", "kimden:", "feladó:", "差出人:", "发件人:", "寄件者:", "보낸 사람:", "από:")
_OTHER_HEADERS = (
    *("sent:", "date:", "to:", "subject:", "cc:", "gesendet:", "datum:", "an:", "betreff:", "envoyé :", "envoyé:", "date :", "à :", "à:", "objet :", "objet:"),
    *("enviado:", "enviado el:", "fecha:", "para:", "asunto:", "assunto:", "inviato:", "data:", "a:", "oggetto:", "verzonden:", "aan:", "onderwerp:"),
    *("wysłano:", "do:", "temat:", "sendt:", "til:", "emne:", "skickat:", "till:", "ämne:", "отправлено:", "кому:", "тема:", "дата:", "lähetetty:"),
    *("aihe:", "vastaanottaja:", "odesláno:", "komu:", "předmět:", "predmet:", "送信日時:", "宛先:", "件名:", "发送时间:", "收件人:", "主题:", "gönderildi:", "kime:", "konu:"),
)
_DEVICE_SIGNATURES = (
    *("sent from my ", "sent from mail for windows", "get outlook for ", "sent from outlook", "sent from yahoo mail", "sent from proton mail"),
    *("sent with proton mail", "von meinem ", "gesendet von ", "envoyé de mon ", "envoyé depuis ", "enviado desde mi ", "enviado do meu "),
    *("inviato da ", "verstuurd vanaf ", "verzonden vanaf ", "wysłano z ", "skickat från ", "sendt fra ", "lähetetty ", "отправлено с ", "отправлено из "),
    *("odesláno z ", "iphoneから送信", "发自我的", "나의 iphone에서 보냄"),
)


@dataclass(frozen=True)
class SplitText:
    """`reply` is what the sender wrote now; the other two were cut from it, in their own order."""

    reply: str
    quoted: str = ""
    signature: str = ""


def split(text: str) -> SplitText:
    """Splits a mail's plain text. A mail that is nothing but quotation (a forward) keeps it all as the reply."""
    lines = text.split("\n")
    own, quoted = _without_quotation(lines)
    own, signature = _without_signature(own)
    reply = "\n".join(own).strip()
    if not reply:
        return SplitText(text.strip())
    return SplitText(reply, "\n".join(quoted).strip(), "\n".join(signature).strip())


def _without_quotation(lines: list[str]) -> tuple[list[str], list[str]]:
    start = _quotation_start(lines)
    if start is None:
        return lines, []
    first_marked = next((at for at in range(start, min(start + LONGEST_ATTRIBUTION + 2, len(lines))) if _is_marked(lines[at])), None)
    if first_marked is None:
        return lines[:start], lines[start:]  # Outlook and its like: everything below is the old mail
    end = _end_of_marked(lines, first_marked)
    below = lines[end:]
    if any(_is_marked(line) for line in below) and any(line.strip() and not _is_marked(line) for line in below):
        if _quotation_start(below) is None:
            return lines, []  # answers stand between the quoted lines: taken apart they make no sense
        return lines[:start], lines[start:]
    return lines[:start] + below, lines[start:end]


def _quotation_start(lines: list[str]) -> int | None:
    for at, line in enumerate(lines):
        if _is_marked(line) or _is_separator(lines, at) or (start := _attribution_start(lines, at)) is not None and start == at:
            return at
    return None


def _is_marked(line: str) -> bool:
    return line.lstrip(" ")[:1] == ">"


def _end_of_marked(lines: list[str], start: int) -> int:
    end = start
    for at in range(start, len(lines)):
        if _is_marked(lines[at]):
            end = at + 1
        elif lines[at].strip():
            # One stray short line inside the quotation is the tail of a line that some server wrapped.
            if at + 1 >= len(lines) or not _is_marked(lines[at + 1]) or not _is_marked(lines[at - 1]):
                break
    return end


def _attribution_start(lines: list[str], at: int) -> int | None:
    """Where an attribution that starts on this line starts; None if none does. It may be wrapped over three lines."""
    joined = ""
    for line in lines[at : at + LONGEST_ATTRIBUTION]:
        stripped = line.strip()
        if not stripped or len(joined) + len(stripped) > LONGEST_MARK or _is_marked(line):
            return None
        joined = f"{joined} {stripped}".strip().lower()
        if joined.endswith((":", "：")) and _is_attribution(joined):
            return at
    return None


def _is_attribution(joined: str) -> bool:
    named = "@" in joined or any(char.isdigit() for char in joined)  # a date or an address; "She wrote:" has neither
    return named and any(joined.startswith(starts) and (joined.endswith(ends) or _has_verb(joined, ends)) for starts, ends in _ATTRIBUTIONS)


def _has_verb(joined: str, words: tuple[str, ...]) -> bool:
    return any(word.endswith(" ") and word in joined for word in words)


def _is_separator(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if not line or len(line) > LONGEST_MARK:
        return False
    if line[0] in "-_*" and line.strip("-_* ").lower() in _ORIGINAL_MESSAGE:
        return True
    return line.strip("* ").lower().startswith(_FROM) and _is_header_block(lines[at + 1 : at + 7])


def _is_header_block(lines: list[str]) -> bool:
    return sum(line.strip("* \t").replace("*", "").lower().startswith(_OTHER_HEADERS) for line in lines) >= 2  # noqa: PLR2004 - of sent, to, subject


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """The last "-- " within fifteen lines of the end, or a telephone's "Sent from my ..." as the last words."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    for at in range(len(lines) - 1, max(-1, len(lines) - 1 - LONGEST_SIGNATURE), -1):
        if lines[at].rstrip("\r") in {"-- ", "--"} or (at >= len(lines) - 2 and _is_device_signature(lines[at])):
            return _before_rule(lines[:at]), lines[at:]
    return _before_rule(lines), []


def _is_device_signature(line: str) -> bool:
    return len(line) < 100 and line.strip().lower().startswith(_DEVICE_SIGNATURES)  # noqa: PLR2004 - characters; longer is a sentence


def _before_rule(lines: list[str]) -> list[str]:
    """Without the line of underscores or dashes that some programs draw above the part we cut."""
    at = len(lines)
    while at and (not lines[at - 1].strip() or set(lines[at - 1].strip()) <= set("_-")):
        at -= 1
    return lines[:at]
