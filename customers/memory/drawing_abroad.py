"""The rules for facts in German, French, Spanish and Danish: a `Tongue` each, with the attributes and values of the English rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

Rule = tuple[str, re.Pattern[str], str]  # the attribute, how it is said, and the value where what is said is not it
NAMED = r"((?:[A-ZÀ-Þ][\w'’-]+ ?){1,4})"
PLANS = r"(free|basic|starter|standard|team|growth|pro|professional|business|premium|enterprise)"
NUMBER = r"(\d+(?:\.\d+){0,3})"


@dataclass(frozen=True)
class Tongue:
    """How people say it. A sentence with a word of `doubt` says nothing; `use` is all that may stand before what they use."""

    doubt: str
    use: str
    version: str
    name: str
    plan: tuple[str, ...]
    answer: str  # "please answer in LANGUAGE"
    languages: dict[str, str]
    call: str
    write: str


GERMAN = Tongue(
    doubt=r"nicht|kein\w*|nie|niemals|ohne|wenn|falls|ob|bis|würden?|sollten?|könnten?|vielleicht|wohl|waren?|früher|statt"
    r"|kund\w+|kolleg\w+|sagt\w*|hatten?|möchten?|wollen|planen",
    use=r"(?:wir|ich) (?:nutzen?|verwenden?|benutzen?|arbeiten? mit|haben?)"
    r"(?: (?:jetzt|derzeit|aktuell|noch|alle|nur|die|den|das|ein|eine|einen))*",
    version=r"Version",
    name=rf"(?:[Mm]ein Name ist|[Ii]ch hei(?:ß|ss)e) {NAMED}",
    plan=(
        rf"(?:wir|ich) (?:sind|bin|haben?)(?: \w+)? (?:im|auf dem|auf den|den|einen) {PLANS}[- ]?(?:tarif|plan|abo)",
        rf"(?:unser|mein) (?:tarif|plan|abo|abonnement) ist {PLANS}",
    ),
    answer=r"bitte (?:antworten|schreiben) sie(?: (?:mir|uns))? auf LANGUAGE",
    languages={
        "deutsch": "German",
        "englisch": "English",
        "französisch": "French",
        "spanisch": "Spanish",
        "dänisch": "Danish",
        "italienisch": "Italian",
        "niederländisch": "Dutch",
        "norwegisch": "Norwegian",
        "polnisch": "Polish",
        "portugiesisch": "Portuguese",
        "schwedisch": "Swedish",
    },
    call=r"bitte rufen sie (?:mich|uns)(?: \w+)? an",
    write=r"bitte schreiben sie (?:mir|uns) (?:eine )?e-?mail|am besten per e-?mail",
)
FRENCH = Tongue(
    doubt=r"ne|pas|plus|jamais|sans|si|quand|jusqu\w*|serai\w+|pourrai\w+|devrai\w+|voudrai\w+|peut-être|étai\w+|avant|ils?|elles?|leurs?"
    r"|clients?|collègues?|dit|disent|n['’]\w+",
    use=r"(?:j['’]utilise|nous utilisons|on utilise|(?:je travaille|nous travaillons) (?:avec|sur)|nous avons|j['’]ai)"
    r"(?: (?:actuellement|toujours|encore|maintenant|la|le|les|un|une))*",
    version=r"version",
    name=rf"(?:[Jj]e m['’]appelle|[Mm]on nom est) {NAMED}",
    plan=(
        rf"(?:nous sommes|je suis|nous avons|j['’]ai) (?:sur |avec |au )?(?:le |la |l['’]|un )?(?:forfait|plan|abonnement|offre) {PLANS}",
        rf"(?:notre|mon) (?:forfait|plan|abonnement) est (?:le )?{PLANS}",
    ),
    answer=r"(?:merci de|veuillez) (?:me |nous )?(?:répondre|écrire) en LANGUAGE",
    languages={
        "allemand": "German",
        "anglais": "English",
        "français": "French",
        "espagnol": "Spanish",
        "danois": "Danish",
        "italien": "Italian",
        "néerlandais": "Dutch",
        "norvégien": "Norwegian",
        "polonais": "Polish",
        "portugais": "Portuguese",
        "suédois": "Swedish",
    },
    call=r"(?:appelez|rappelez)-(?:moi|nous)|(?:merci de|veuillez) (?:m['’]appeler|nous appeler|me rappeler|nous rappeler)",
    write=r"écrivez-(?:moi|nous) (?:par|un) e-?mail|contactez-(?:moi|nous) par e-?mail",
)
SPANISH = Tongue(
    doubt=r"no|nunca|sin|si|cuando|hasta|sería\w*|podría\w*|debería\w*|quisiéramos|queremos|quizás?|tal vez|era|éramos|antes"
    r"|él|ellas?|ellos|sus?|clientes?|colegas?|dicen?|dijo",
    use=r"(?:usamos|utilizamos|trabajamos con|tenemos|uso|utilizo|trabajo con|tengo)(?: (?:actualmente|ahora|todavía|la|el|los|un|una))*",
    version=r"versión",
    name=rf"(?:[Mm]e llamo|[Mm]i nombre es) {NAMED}",
    plan=(
        rf"(?:estamos|estoy|tenemos|tengo) (?:en |con )?(?:el |la |un |una )?(?:plan|tarifa|suscripción) {PLANS}",
        rf"(?:nuestro|mi) plan es (?:el )?{PLANS}",
    ),
    answer=r"por favor,? (?:responda|respond[ae]n|responde|respóndan?|conteste|contesten|escriba|escriban)(?:me|nos)? en LANGUAGE",
    languages={
        "alemán": "German",
        "inglés": "English",
        "francés": "French",
        "español": "Spanish",
        "danés": "Danish",
        "italiano": "Italian",
        "neerlandés": "Dutch",
        "noruego": "Norwegian",
        "polaco": "Polish",
        "portugués": "Portuguese",
        "sueco": "Swedish",
    },
    call=r"por favor,? (?:ll[aá]m[ea]n?(?:me|nos))",
    write=r"por favor,? escr[ií]b[ae]n?(?:me|nos) (?:por|un) (?:correo|e-?mail)",
)
DANISH = Tongue(
    doubt=r"ikke|ingen|aldrig|uden|hvis|når|indtil|ville|vil|burde|kunne|måske|var|havde|før|han|hun|de|deres|kunde\w*|kolleg\w+|siger|sagde",
    use=r"(?:vi|jeg) (?:bruger|anvender|kører(?: på)?|arbejder (?:med|på)|har)(?: (?:nu|stadig|kun|alle|den|det|en|et))*",
    version=r"version",
    name=rf"(?:[Jj]eg hedder|[Mm]it navn er) {NAMED}",
    plan=(
        rf"(?:vi|jeg) (?:er på|har)(?: \w+)? {PLANS}[- ]?(?:abonnement|plan)",
        rf"(?:vores|mit) (?:abonnement|plan) er {PLANS}",
    ),
    answer=r"(?:venligst svar|svar venligst|svar gerne)(?: (?:mig|os))? på LANGUAGE",
    languages={
        "tysk": "German",
        "engelsk": "English",
        "fransk": "French",
        "spansk": "Spanish",
        "dansk": "Danish",
        "italiensk": "Italian",
        "hollandsk": "Dutch",
        "norsk": "Norwegian",
        "polsk": "Polish",
        "portugisisk": "Portuguese",
        "svensk": "Swedish",
    },
    call=r"ring (?:venligst |gerne )?til (?:mig|os)",
    write=r"skriv (?:venligst |gerne )?(?:en )?(?:e-?mail|mail) til (?:mig|os)",
)
TONGUES = (GERMAN, FRENCH, SPANISH, DANISH)
LANGUAGES = {said: name for tongue in TONGUES for said, name in tongue.languages.items()}
UNSAID = r"\?|[\"“”„«»]"  # questions and quotations, in any language


class Abroad:
    """One language, ready to read with; `environment` names what machines and browsers are called everywhere."""

    def __init__(self, tongue: Tongue, environment: dict[str, str]) -> None:
        self.doubt = re.compile(rf"\b(?:{tongue.doubt})\b|{UNSAID}", re.IGNORECASE)
        self._use = rf"\b{tongue.use}"
        answer = tongue.answer.replace("LANGUAGE", f"({'|'.join(tongue.languages)})")
        self.rules: tuple[Rule, ...] = (
            ("name", re.compile(rf"\b{tongue.name}"), ""),
            *(("plan", _any(rf"\b{one}"), "") for one in tongue.plan),
            ("version", _any(rf"{self._use} (?:{tongue.version} |v\.? ?){NUMBER}\b"), ""),
            *((attribute, _any(rf"{self._use} ((?-i:{names}))\b"), "") for attribute, names in environment.items()),
            ("language", _any(rf"\b{answer}\b"), ""),
            ("contact preference", _any(rf"\b(?:{tongue.call})\b"), "phone"),
            ("contact preference", _any(rf"\b(?:{tongue.write})\b"), "e-mail"),
        )

    def of_product(self, name: str) -> Rule:
        return ("product", _any(rf"{self._use} ({re.escape(name)})\b"), name)


def _any(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
