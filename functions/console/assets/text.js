// Every text of the console, in English and in Norwegian (bokmål), and how the reader's language
// writes numbers and dates.

const TEXTS = {
  "skip": ["Skip to the content", "Hopp til innholdet"],
  "language.other": ["Norsk", "English"],
  "loading": ["Loading…", "Laster …"],
  "retry": ["Try again", "Prøv igjen"],
  "cancel": ["Cancel", "Avbryt"],
  "close": ["Close", "Lukk"],
  "save": ["Save", "Lagre"],
  "copy": ["Copy", "Kopier"],
  "copied": ["Copied", "Kopiert"],
  "copy.failed": ["The browser did not allow copying. Select the text instead.", "Nettleseren tillot ikke kopiering. Marker teksten i stedet."],
  "more": ["Show more", "Vis flere"],
  "all": ["All", "Alle"],
  "none": ["None", "Ingen"],
  "optional": ["optional", "valgfritt"],
  "unlimited": ["Unlimited", "Ubegrenset"],
  "never": ["Never", "Aldri"],
  "filter": ["Filter", "Filtrer"],
  "clear": ["Clear filters", "Fjern filtre"],
  "shown": ["{count} of {total}", "{count} av {total}"],
  "shown.least": ["{count} of at least {total}", "{count} av minst {total}"],
  "actions": ["Actions", "Handlinger"],

  "home.title": ["Referral codes, clicks and recruitments", "Vervekoder, klikk og vervinger"],
  "home.lead": [
    "Verv gives every mentor a code and a short link, counts who follows it, and remembers who joined.",
    "Verv gir hver mentor en kode og en kortlenke, teller hvem som følger den, og husker hvem som ble med.",
  ],
  "home.console": ["Open the console", "Åpne konsollen"],
  "home.console.text": ["Numbers, codes and recruitments of an organisation, or of one mentor.", "Tall, koder og vervinger for en organisasjon eller for én mentor."],
  "home.docs": ["Browse the API", "Bla i API-et"],
  "home.docs.text": ["Every operation, with examples that can be sent from the page.", "Hver operasjon, med eksempler som kan sendes fra siden."],
  "home.document": ["Download the contract", "Last ned kontrakten"],
  "home.document.text": ["OpenAPI 3.1, to generate a client from.", "OpenAPI 3.1, til å lage en klient av."],

  "start.title": ["Console", "Konsoll"],
  "start.lead": ["Whose numbers would you like to see?", "Hvem sine tall vil du se?"],
  "start.org": ["Organisation", "Organisasjon"],
  "start.org.hint": ["Its id, such as org_002", "ID-en dens, for eksempel org_002"],
  "start.mentor": ["Mentor", "Mentor"],
  "start.mentor.hint": ["Leave empty to see the whole organisation", "La stå tom for å se hele organisasjonen"],
  "start.go": ["Open", "Åpne"],
  "start.change": ["Change organisation", "Bytt organisasjon"],

  "key.title": ["This needs a token or an API key", "Dette krever et token eller en API-nøkkel"],
  "key.lead": [
    "Paste the one that you were given. It stays in this tab’s memory, is never stored, and is gone when you close or reload the page.",
    "Lim inn det du har fått. Det blir i minnet til denne fanen, lagres aldri, og er borte når du lukker eller laster siden på nytt.",
  ],
  "key.refused": ["It was not accepted. It may have expired, or be for another organisation.", "Det ble ikke godtatt. Det kan ha utløpt, eller gjelde en annen organisasjon."],
  "key.field": ["Token or API key", "Token eller API-nøkkel"],
  "key.use": ["Use it", "Bruk"],
  "key.forget": ["Sign out", "Logg ut"],
  "key.forgotten": ["The token is forgotten.", "Tokenet er glemt."],
  "key.staff": ["Only an organisation’s staff can see this, even where the API is public.", "Bare organisasjonens ansatte kan se dette, selv der API-et er åpent."],

  "error.network": ["No answer", "Ikke noe svar"],
  "error.network.text": ["The service could not be reached. Check your connection and try again.", "Tjenesten svarte ikke. Sjekk forbindelsen og prøv igjen."],
  "error.403": ["Not allowed", "Ikke tillatt"],
  "error.403.text": ["The token or key that you use may not do this. Ask whoever gave it to you for one with more rights.", "Tokenet eller nøkkelen du bruker, gir ikke lov til dette. Be den du fikk det av, om et med flere rettigheter."],
  "error.404": ["Not found", "Finnes ikke"],
  "error.404.text": ["It does not exist, or it belongs to another organisation. Check the address or go back to the list.", "Det finnes ikke, eller det tilhører en annen organisasjon. Sjekk adressen eller gå tilbake til listen."],
  "error.429": ["Too many requests", "For mange forespørsler"],
  "error.429.text": ["Wait {seconds} seconds and try again.", "Vent {seconds} sekunder og prøv igjen."],
  "error.503": ["Busy at the moment", "Opptatt akkurat nå"],
  "error.503.text": ["Nothing is lost. Try again in a moment.", "Ingenting er tapt. Prøv igjen om litt."],
  "error.500": ["Something went wrong", "Noe gikk galt"],
  "error.500.text": ["The service failed. Try again; if it goes on, give its operator this number: {id}", "Tjenesten feilet. Prøv igjen; hvis det fortsetter, gi dette nummeret til den som drifter den: {id}"],
  "error.400": ["That did not work", "Det gikk ikke"],
  "error.see": ["Show the one in the way", "Vis den som er i veien"],

  "nav.label": ["Sections", "Deler"],
  "nav.overview": ["Overview", "Oversikt"],
  "nav.codes": ["Codes", "Koder"],
  "nav.clicks": ["Clicks", "Klikk"],
  "nav.recruitments": ["Recruitments", "Vervinger"],
  "nav.programs": ["Programs", "Programmer"],
  "nav.webhooks": ["Webhooks", "Webhooks"],
  "nav.keys": ["API keys", "API-nøkler"],
  "nav.privacy": ["Privacy", "Personvern"],

  "period": ["Period", "Periode"],
  "period.7d": ["7 days", "7 dager"],
  "period.30d": ["30 days", "30 dager"],
  "period.90d": ["90 days", "90 dager"],
  "period.month": ["This month", "Denne måneden"],
  "period.previous_month": ["Last month", "Forrige måned"],
  "period.ytd": ["This year", "I år"],
  "period.all_time": ["All time", "Hele tiden"],

  "clicks": ["Clicks", "Klikk"],
  "recruited": ["Recruited", "Vervet"],
  "rate": ["Conversion rate", "Konverteringsrate"],
  "codes.active": ["Active codes", "Aktive koder"],
  "as_of": ["Counted up to {time}", "Talt til og med {time}"],
  "chart": ["By day", "Dag for dag"],
  "chart.alt": ["Column chart of clicks and recruitments by day: {clicks} clicks and {conversions} recruitments in {days} days", "Stolpediagram over klikk og vervinger per dag: {clicks} klikk og {conversions} vervinger på {days} dager"],
  "chart.table": ["The numbers as a table", "Tallene som tabell"],
  "day": ["Day", "Dag"],
  "board": ["Leaderboard", "Toppliste"],
  "board.empty": ["Nobody is ranked yet. Mentors appear here a minute or so after their first click.", "Ingen er rangert ennå. Mentorer dukker opp her et minutt eller så etter sitt første klikk."],
  "board.rank": ["Rank", "Plass"],

  "code": ["Code", "Kode"],
  "mentor": ["Mentor", "Mentor"],
  "status": ["Status", "Status"],
  "made": ["Made", "Opprettet"],
  "expires": ["Expires", "Utløper"],
  "program": ["Program", "Program"],
  "status.active": ["Active", "Aktiv"],
  "status.inactive": ["Inactive", "Inaktiv"],
  "status.invalidated": ["Invalidated", "Ugyldig"],
  "status.expired": ["Expired", "Utløpt"],
  "status.archived": ["Archived", "Arkivert"],
  "status.revoked": ["Revoked", "Trukket tilbake"],
  "status.pending": ["Pending", "Venter"],
  "status.confirmed": ["Confirmed", "Bekreftet"],
  "status.enabled": ["Enabled", "På"],
  "status.disabled": ["Disabled", "Av"],
  "status.delivered": ["Delivered", "Levert"],
  "status.failed": ["Failed", "Mislyktes"],
  "codes.find": ["Find a code", "Finn en kode"],
  "codes.find.hint": ["In any spelling: jan verv 8f3a", "Uansett skrivemåte: jan verv 8f3a"],
  "codes.new": ["New code", "Ny kode"],
  "codes.empty": ["No codes yet. Make the first one: its mentor gets a link to share.", "Ingen koder ennå. Lag den første: mentoren får en lenke å dele."],
  "codes.none": ["No code matches. Check the spelling, or clear the filters.", "Ingen kode passer. Sjekk skrivemåten, eller fjern filtrene."],
  "codes.mentor.hint": ["The mentor’s id in your own systems", "Mentorens ID i deres egne systemer"],
  "codes.chosen": ["Text of the code", "Kodens tekst"],
  "codes.chosen.hint": ["Leave empty for a random one", "La stå tom for en tilfeldig"],
  "codes.limit": ["Most referrals", "Høyeste antall vervinger"],
  "codes.make": ["Make the code", "Lag koden"],
  "codes.made": ["{code} is made.", "{code} er laget."],
  "codes.existing": ["The mentor has an active code already: {code}.", "Mentoren har allerede en aktiv kode: {code}."],
  "codes.back": ["All codes", "Alle koder"],
  "codes.links": ["Links", "Lenker"],
  "codes.short": ["Short link", "Kortlenke"],
  "codes.short.hint": ["Counts every visit", "Teller hvert besøk"],
  "codes.join": ["Join page", "Innmeldingsside"],
  "codes.join.hint": ["With the code filled in", "Med koden fylt ut"],
  "codes.share": ["Share page", "Delingsside"],
  "codes.share.hint": ["With a preview for messengers; counts nobody", "Med forhåndsvisning for meldingsapper; teller ingen"],
  "codes.qr": ["QR code", "QR-kode"],
  "codes.qr.alt": ["QR code of the short link of {code}", "QR-kode for kortlenken til {code}"],
  "codes.qr.svg": ["Download SVG", "Last ned SVG"],
  "codes.qr.png": ["Download PNG", "Last ned PNG"],
  "codes.terms": ["Terms", "Vilkår"],
  "codes.limit.used": ["{count} of {limit} used", "{count} av {limit} brukt"],
  "source.of.code": ["the code’s own", "kodens egne"],
  "source.of.program": ["from the program", "fra programmet"],
  "source.of.default": ["", ""],
  "codes.terms.change": ["Change terms", "Endre vilkår"],
  "codes.terms.changed": ["The terms are changed.", "Vilkårene er endret."],
  "codes.rotate": ["Rotate", "Bytt ut"],
  "codes.rotate.text": ["{code} stops working at once and is replaced by a new code with the same beginning, terms and count.", "{code} slutter å virke med en gang og erstattes av en ny kode med samme begynnelse, vilkår og antall."],
  "codes.rotated": ["The new code is {code}.", "Den nye koden er {code}."],
  "codes.deactivate": ["Deactivate", "Deaktiver"],
  "codes.deactivate.text": ["{code} stops working. The mentor can be given another code, and this one can be made active again.", "{code} slutter å virke. Mentoren kan få en annen kode, og denne kan aktiveres igjen."],
  "codes.deactivated": ["{code} is inactive.", "{code} er inaktiv."],
  "codes.activate": ["Make active again", "Aktiver igjen"],
  "codes.activated": ["{code} is active again.", "{code} er aktiv igjen."],
  "codes.invalidate": ["Invalidate", "Gjør ugyldig"],
  "codes.invalidate.text": ["{code} stops working for good. This cannot be undone.", "{code} slutter å virke for godt. Det kan ikke gjøres om."],
  "codes.invalidated": ["{code} is invalidated.", "{code} er ugyldig."],
  "codes.user_type": ["User type", "Brukertype"],
  "user_type.2": ["Customer", "Kunde"],
  "user_type.3": ["Merchant", "Forhandler"],
  "user_type.5": ["Agent", "Agent"],

  "when": ["When", "Når"],
  "member": ["Member", "Medlem"],
  "referrer": ["Came from", "Kom fra"],
  "from": ["From", "Fra"],
  "to": ["To", "Til"],
  "clicks.empty": ["No clicks yet. They appear here when somebody follows a short link.", "Ingen klikk ennå. De dukker opp her når noen følger en kortlenke."],
  "clicks.none": ["No click matches these filters.", "Ingen klikk passer til disse filtrene."],
  "clicks.confirm": ["Confirm", "Bekreft"],
  "clicks.confirm.text": ["The person behind this click on {code} has joined.", "Personen bak dette klikket på {code} har blitt med."],
  "clicks.member.hint": ["The new member’s id in your own systems", "Det nye medlemmets ID i deres egne systemer"],
  "clicks.confirmed_at": ["Joined at", "Ble med"],
  "clicks.confirmed_at.hint": ["Leave empty for now", "La stå tom for nå"],
  "clicks.confirmed": ["{member} is counted for {mentor}.", "{member} er talt for {mentor}."],
  "clicks.delete": ["Delete", "Slett"],
  "clicks.delete.text": ["It is taken out of every count, and its member can be recruited anew.", "Det tas ut av alle tall, og medlemmet kan verves på nytt."],
  "clicks.deleted": ["Deleted.", "Slettet."],
  "recruitments.new": ["Add by code", "Legg til med kode"],
  "recruitments.new.text": ["For somebody who gave a code when they joined, without following a link.", "For en som oppga en kode ved innmelding, uten å følge en lenke."],
  "recruitments.find": ["Who recruited a member", "Hvem vervet et medlem"],
  "recruitments.empty": ["Nobody is recruited yet. Confirm a click, or add a recruitment by its code.", "Ingen er vervet ennå. Bekreft et klikk, eller legg til en verving med kode."],
  "recruitments.none": ["No recruitment matches these filters.", "Ingen verving passer til disse filtrene."],
  "recruitments.source": ["How", "Hvordan"],
  "source.click": ["By a click", "Med et klikk"],
  "source.typed": ["By the code", "Med koden"],

  "programs.new": ["New program", "Nytt program"],
  "programs.empty": ["No programs. A program gives codes common terms: a limit, an end, who may use them.", "Ingen programmer. Et program gir koder felles vilkår: en grense, en slutt, hvem som kan bruke dem."],
  "programs.name": ["Name", "Navn"],
  "programs.currency": ["Currency", "Valuta"],
  "programs.types": ["Who may use its codes", "Hvem som kan bruke kodene"],
  "programs.limit": ["Most referrals of a code", "Høyeste antall vervinger per kode"],
  "programs.window": ["Days from click to joining", "Dager fra klikk til innmelding"],
  "programs.ttl": ["Days that a code lasts", "Dager en kode varer"],
  "programs.starts": ["Starts", "Starter"],
  "programs.ends": ["Ends", "Slutter"],
  "programs.change": ["Change", "Endre"],
  "programs.archive": ["Archive", "Arkiver"],
  "programs.archive.text": ["{name} takes no new codes. One that no code refers to is deleted; otherwise it is kept in the archive.", "{name} tar ikke imot nye koder. Et program som ingen kode viser til, slettes; ellers blir det i arkivet."],
  "programs.archived": ["{name} is archived.", "{name} er arkivert."],
  "programs.deleted": ["{name} is deleted.", "{name} er slettet."],
  "programs.restore": ["Make active", "Aktiver"],
  "programs.saved": ["{name} is saved.", "{name} er lagret."],

  "webhooks.new": ["New webhook", "Ny webhook"],
  "webhooks.empty": ["No webhooks. A server of yours is told of events by one.", "Ingen webhooks. En av serverne deres får beskjed om hendelser gjennom en."],
  "webhooks.url": ["Address", "Adresse"],
  "webhooks.url.hint": ["Where events go, such as https://hooks.example.org/verv", "Hit går hendelsene, for eksempel https://hooks.example.org/verv"],
  "webhooks.events": ["Events", "Hendelser"],
  "webhooks.all": ["Every event", "Alle hendelser"],
  "webhooks.make": ["Make the webhook", "Lag webhooken"],
  "webhooks.shown": ["Copy the secret now", "Kopier hemmeligheten nå"],
  "webhooks.shown.text": ["It is shown this once. The receiver verifies with it what is sent.", "Den vises bare denne ene gangen. Mottakeren verifiserer det som sendes, med den."],
  "webhooks.failing": ["Failing since", "Feilet siden"],
  "webhooks.failing.not": ["Not failing", "Feiler ikke"],
  "webhooks.failing.since": ["No delivery has succeeded since {time}. After five days the webhook is disabled.", "Ingen levering har lyktes siden {time}. Etter fem dager slås webhooken av."],
  "webhooks.disabled.staff": ["Disabled {time}. Nothing is delivered.", "Slått av {time}. Ingenting leveres."],
  "webhooks.disabled.gone": ["Disabled {time}: the receiver answered that it is gone.", "Slått av {time}: mottakeren svarte at den er borte."],
  "webhooks.disabled.failing": ["Disabled {time}: no delivery succeeded for five days.", "Slått av {time}: ingen levering lyktes på fem dager."],
  "webhooks.test": ["Send a test", "Send en test"],
  "webhooks.tested": ["The test goes out within a minute or two.", "Testen sendes innen et minutt eller to."],
  "webhooks.change": ["Change", "Endre"],
  "webhooks.changed": ["The webhook is changed.", "Webhooken er endret."],
  "webhooks.rotate": ["New secret", "Ny hemmelighet"],
  "webhooks.rotate.text": ["The webhook gets a new secret. What is sent is signed with the old one as well for 24 hours.", "Webhooken får en ny hemmelighet. Det som sendes, signeres med den gamle også i 24 timer."],
  "webhooks.disable": ["Disable", "Slå av"],
  "webhooks.disable.text": ["Nothing is delivered until it is enabled again. What happens meanwhile stays in the feed of events.", "Ingenting leveres før den slås på igjen. Det som skjer imens, står i hendelsesloggen."],
  "webhooks.disabled": ["The webhook is disabled.", "Webhooken er slått av."],
  "webhooks.enable": ["Enable", "Slå på"],
  "webhooks.enabled": ["The webhook is enabled.", "Webhooken er slått på."],
  "webhooks.delete": ["Delete", "Slett"],
  "webhooks.delete.text": ["The webhook and the list of its deliveries go. This cannot be undone.", "Webhooken og listen over leveringer forsvinner. Det kan ikke gjøres om."],
  "webhooks.deleted": ["The webhook is deleted.", "Webhooken er slettet."],
  "deliveries": ["Deliveries", "Leveringer"],
  "deliveries.empty": ["Nothing has been delivered. Send a test to see that the receiver answers.", "Ingenting er levert. Send en test for å se at mottakeren svarer."],
  "deliveries.type": ["Event", "Hendelse"],
  "deliveries.happened": ["Happened", "Skjedde"],
  "deliveries.attempts": ["Attempts", "Forsøk"],
  "deliveries.next": ["next {time}", "neste {time}"],
  "deliveries.under_way": ["under way", "pågår"],
  "deliveries.replay": ["Replay", "Send på nytt"],
  "deliveries.replayed": ["It goes out once more within a minute or two.", "Den sendes på nytt innen et minutt eller to."],
  "deliveries.error.not_resolved": ["no such host", "ukjent vert"],
  "deliveries.error.address_refused": ["not a public address", "ikke en offentlig adresse"],
  "deliveries.error.connection_failed": ["no connection", "ingen forbindelse"],
  "deliveries.error.tls_failed": ["TLS failed", "TLS feilet"],
  "deliveries.error.timed_out": ["no answer in time", "intet svar i tide"],
  "deliveries.error.invalid_answer": ["no HTTP answer", "ikke et HTTP-svar"],

  "keys.new": ["New key", "Ny nøkkel"],
  "keys.empty": ["No keys. Your servers call the API with one.", "Ingen nøkler. Serverne deres bruker en når de kaller API-et."],
  "keys.name": ["Name", "Navn"],
  "keys.scopes": ["What it may do", "Hva den kan gjøre"],
  "keys.used": ["Last used", "Sist brukt"],
  "keys.make": ["Make the key", "Lag nøkkelen"],
  "keys.shown": ["Copy the key now", "Kopier nøkkelen nå"],
  "keys.shown.text": ["It is shown this once. Only its hash is kept.", "Den vises bare denne ene gangen. Bare en hash av den lagres."],
  "keys.revoke": ["Revoke", "Trekk tilbake"],
  "keys.revoke.text": ["Servers that use {name} are refused within ten seconds. This cannot be undone.", "Servere som bruker {name}, avvises innen ti sekunder. Det kan ikke gjøres om."],
  "keys.revoked": ["{name} is revoked.", "{name} er trukket tilbake."],

  "privacy.lead": ["What is kept about one person: to hand over, or to erase.", "Det som er lagret om én person: til utlevering eller sletting."],
  "privacy.kind": ["The person is a", "Personen er"],
  "privacy.members": ["Member, who was recruited", "Medlem, som ble vervet"],
  "privacy.mentors": ["Mentor, who recruits", "Mentor, som verver"],
  "privacy.id": ["Their id", "ID-en deres"],
  "privacy.find": ["Show what is kept", "Vis det som er lagret"],
  "privacy.nothing": ["Nothing is kept about {id}.", "Ingenting er lagret om {id}."],
  "privacy.found": ["Kept about {id}", "Lagret om {id}"],
  "privacy.download": ["Download as JSON", "Last ned som JSON"],
  "privacy.erase": ["Erase this person", "Slett denne personen"],
  "privacy.erase.text": ["A pseudonym takes the place of {id} in every record. Counts stay. This cannot be undone. Type the id to go on.", "Et pseudonym erstatter {id} i alle poster. Tallene består. Det kan ikke gjøres om. Skriv ID-en for å fortsette."],
  "privacy.erase.mismatch": ["is not the id above", "er ikke ID-en over"],
  "privacy.erased": ["{id} is erased.", "{id} er slettet."],
  "privacy.under_way": ["The erasure is under way and goes on by itself.", "Slettingen pågår og fortsetter av seg selv."],
  "tally.codes": ["Codes", "Koder"],
  "tally.attributions": ["Clicks and recruitments", "Klikk og vervinger"],
  "tally.changes": ["Changes", "Endringer"],
  "tally.guards": ["Guards of one referrer", "Vern om én verver"],
  "tally.kept_answers": ["Kept answers", "Lagrede svar"],
  "tally.statistics": ["Rows of statistics", "Statistikkrader"],

  "mentor.code": ["Your code", "Koden din"],
  "mentor.none": ["You have no code here yet. Make one, and share its link.", "Du har ingen kode her ennå. Lag en, og del lenken."],
  "mentor.make": ["Make my code", "Lag koden min"],
  "mentor.share": ["Share", "Del"],
  "mentor.share.text": ["Join with my code {code}", "Bli med med koden min {code}"],
  "mentor.copy": ["Copy link", "Kopier lenke"],
  "mentor.numbers": ["Your numbers", "Tallene dine"],
  "mentor.recent": ["Recent", "Siste"],
  "mentor.recent.empty": ["Nothing yet. Share your link: visits appear here at once.", "Ingenting ennå. Del lenken: besøk vises her med en gang."],
  "mentor.org": ["The whole organisation", "Hele organisasjonen"],
};

const LANGUAGES = ["en", "nb"];
const NORWEGIAN = ["nb", "no", "nn"];

let language = initialLanguage();

function initialLanguage() {
  for (const wanted of navigator.languages ?? [navigator.language]) {
    const primary = wanted.split("-")[0].toLowerCase();
    if (NORWEGIAN.includes(primary)) return "nb";
    if (primary === "en") return "en";
  }
  return "en";
}

export function currentLanguage() {
  return language;
}

export function switchLanguage() {
  language = LANGUAGES.find((other) => other !== language);
  document.documentElement.lang = language;
}

/** The text `key`, with `{name}` replaced by the values. */
export function t(key, values = {}) {
  const text = TEXTS[key]?.[LANGUAGES.indexOf(language)] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether there is a text `key`. */
export function hasText(key) {
  return key in TEXTS;
}

/** The locale for numbers and dates: the reader's own where it is of the chosen language. */
function locale() {
  const own = (navigator.languages ?? []).find((tag) => {
    const primary = tag.split("-")[0].toLowerCase();
    return language === "nb" ? NORWEGIAN.includes(primary) : primary === "en";
  });
  return own ?? (language === "nb" ? "nb-NO" : "en-GB");
}

export function number(value) {
  return new Intl.NumberFormat(locale()).format(value);
}

export function percent(value) {
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 1 }).format(value);
}

/** A moment, to the minute, in the reader's time zone. */
export function moment(text) {
  if (!text) return "–";
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

/** A day of UTC, as the API counts them. */
export function day(text) {
  if (!text) return "–";
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeZone: "UTC" }).format(new Date(text));
}

document.documentElement.lang = language;
