"""The words by which mail programs of many languages mark what they copied: data for `quoting` and `automatic`."""

from __future__ import annotations


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.replace("\n", "|").split("|") if phrase.strip())


# How programs introduce the quotation: (how it starts, the word before the colon). An empty start fits every line.
ATTRIBUTIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("on ",), ("wrote:", "writes:")),
    (("am ", "an ", "im "), ("schrieb:", "geschrieben:")),
    (("le ",), ("a écrit :", "a écrit:", "a écrit\u00a0:")),
    (("el ", "en "), ("escribió:", "escribio:", "va escriure:")),
    (("il ", "in data "), ("ha scritto:",)),
    (("op ",), ("schreef:", "geschreven:")),
    (("em ", "a ", "no dia "), ("escreveu:", "escribiu:")),
    (("w dniu ", "dnia ", "pon", "wt", "śr", "czw", "pt", "sob", "niedz"), ("napisał(a):", "napisał:", "napisała:", "pisze:")),
    (("den ", "på ", "d. ", "tor", "man", "tir", "ons", "fre", "lør", "søn"), ("skrev:",)),
    (("ma ", "ti ", "ke ", "to ", "pe ", "la ", "su "), ("kirjoitti:",)),
    (("dne ", "po ", "út ", "st ", "čt ", "pá ", "so ", "ne "), ("napsal(a):", "napsal:", "napísal(a):", "napísal:")),
    (("",), _phrases("пишет:|написал:|написал(а):|писал(а):|написала:|пише:|написав:|έγραψε:|yazdı:|şunu yazdı:|írta:")),
    (("",), _phrases("a scris:|napisao je:|napisala:")),
    (("",), _phrases("写道：|写道:|寫道：|寫道:|のメール:|が書きました:|작성:|님이 작성:|كتب:|כתב:|viết:")),
)
VERB_IN_THE_MIDDLE = ((("am ",), " schrieb "), (("op ",), " schreef "), (("den ", "på "), " skrev "))

ORIGINAL_MESSAGE = frozenset(
    _phrases("""
    original message|reply message|ursprüngliche nachricht|original-nachricht|originalnachricht|message d'origine|message d’origine
    message original|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|wiadomość oryginalna
    исходное сообщение|original meddelelse|oprindelig meddelelse|opprinnelig melding|ursprungligt meddelande|alkuperäinen viesti
    původní zpráva|pôvodná správa|eredeti üzenet|orijinal mesaj|mesaj original|αρχικό μήνυμα|原始邮件|原始郵件|元のメッセージ|원본 메시지
    """)
)
FROM = _phrases("""
    from:|von:|de:|de :|da:|van:|od:|fra:|från:|от:|від:|lähettäjä:|kimden:|feladó:|从:|差出人:|发件人:|寄件者:|보낸 사람:|από:
    """)
OTHER_HEADERS = _phrases("""
    sent:|date:|to:|subject:|cc:|gesendet:|datum:|an:|betreff:|envoyé :|envoyé:|date :|à :|à:|objet :|objet:
    enviado:|enviado el:|fecha:|para:|asunto:|assunto:|inviato:|data:|a:|oggetto:|verzonden:|aan:|onderwerp:
    wysłano:|do:|temat:|sendt:|til:|emne:|skickat:|till:|ämne:|отправлено:|кому:|тема:|дата:|lähetetty:|aihe:
    vastaanottaja:|odesláno:|komu:|předmět:|predmet:|送信日時:|宛先:|件名:|发送时间:|收件人:|主题:|gönderildi:|kime:|konu:
    """)
DEVICE_SIGNATURES = _phrases("""
    sent from my|sent from mail for windows|get outlook for|sent from outlook|sent from yahoo mail|sent from proton mail
    sent with proton mail|von meinem iphone|gesendet von|envoyé de mon|envoyé depuis|enviado desde mi|enviado do meu
    inviato da|verstuurd vanaf|verzonden vanaf
    wysłano z|skickat från|sendt fra|lähetetty|отправлено с|отправлено из|odesláno z|iphoneから送信|发自我的|나의 iphone에서 보냄
    """)
AUTO_REPLY_SUBJECTS = _phrases("""
    automatic reply:|auto reply:|autoreply:|auto:|out of office:|out of the office:|automatische antwort:|abwesenheitsnotiz:
    réponse automatique|respuesta automática:|risposta automatica:|automatisch antwoord:|autosvar:|resposta automática:|autoodpowiedź:
    """)
