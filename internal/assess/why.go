package assess

import "strings"

// reason is a passage's explanation in both languages; "%" stands for the
// argument.
type reason struct{ de, en string }

var reasons = map[string]reason{
	"word.insult":            {"Beleidigung", "insult"},
	"word.insult_hidden":     {"verschleierte Beleidigung", "disguised insult"},
	"word.vulgar":            {"vulgärer Ausdruck", "vulgar expression"},
	"word.vulgar_hidden":     {"verschleierter vulgärer Ausdruck", "disguised vulgar expression"},
	"word.slur":              {"Schmähwort gegen eine Gruppe", "slur against a group"},
	"word.slur_hidden":       {"verschleiertes Schmähwort gegen eine Gruppe", "disguised slur against a group"},
	"word.disparage":         {"herabsetzender Ausdruck", "disparaging expression"},
	"word.disparage_hidden":  {"verschleierter herabsetzender Ausdruck", "disguised disparaging expression"},
	"word.body":              {"grobe Beleidigung", "gross insult"},
	"word.body_hidden":       {"verschleierte grobe Beleidigung", "disguised gross insult"},
	"word.english":           {"englisches Schimpfwort", "English swear word"},
	"word.english_hidden":    {"verschleiertes englisches Schimpfwort", "disguised English swear word"},
	"word.enonly":            {"englisches Schimpfwort", "English swear word"},
	"word.enonly_hidden":     {"verschleiertes englisches Schimpfwort", "disguised English swear word"},
	"word.foreign":           {"fremdsprachiges Schimpfwort", "swear word in another language"},
	"word.foreign_hidden":    {"verschleiertes fremdsprachiges Schimpfwort", "disguised swear word in another language"},
	"word.called":            {"als Beleidigung gebrauchtes Wort", "word used as an insult"},
	"word.called_hidden":     {"verschleiertes, als Beleidigung gebrauchtes Wort", "disguised word used as an insult"},
	"word.phrase":            {"beleidigende Wendung", "insulting phrase"},
	"word.phrase_hidden":     {"verschleierte beleidigende Wendung", "disguised insulting phrase"},
	"aggression.word":        {"Wort spricht für aggressiven Ton", "word that speaks for an aggressive tone"},
	"aggression.abuse":       {"Angriff mit einem Schimpfwort", "attack with a swear word"},
	"aggression.threat":      {"Drohung oder Gewaltwunsch", "threat or wish of violence"},
	"aggression.scorn":       {"entmenschlichende oder ausgrenzende Wendung", "phrase that dehumanises or shuts out"},
	"insinuation.gossip":     {"Hörensagen statt Beleg", "hearsay instead of evidence"},
	"insinuation.wink":       {"Andeutung, die offenbleibt", "a hint that is left open"},
	"insinuation.whoprofits": {"Frage, die einen Nutznießer unterstellt", "a question that suggests who profits"},
	"insinuation.coincidence": {"stellt einen Zufall als Absicht hin",
		"presents a coincidence as intent"},
	"insinuation.bribery":   {"unterstellt Bezahlung oder Vorteil", "suggests payment or advantage"},
	"insinuation.clique":    {"unterstellt Absprache oder Begünstigung", "suggests collusion or favours"},
	"insinuation.puppet":    {"unterstellt fremde Steuerung", "suggests that somebody is steered"},
	"insinuation.coverup":   {"unterstellt Vertuschung oder Täuschung", "suggests concealment or deceit"},
	"insinuation.motive":    {"unterstellt ein verborgenes Motiv", "suggests a hidden motive"},
	"insinuation.certainty": {"behauptet Gewissheit ohne Beleg", "claims certainty without evidence"},
	"insinuation.guess":     {"Vermutung ohne Beleg", "a guess without evidence"},
	"insinuation.disbelief": {"unterstellt Unwahrheit", "suggests untruth"},
	"insinuation.personal":  {"Andeutung über eine Person", "an allusion to a person"},
	"insinuation.quotes":    {"distanzierende Anführungszeichen", "scare quotes"},
	"insinuation.question":  {"rhetorische Frage", "rhetorical question"},
	"insinuation.word":      {"Wort spricht für eine Unterstellung", "word that speaks for an insinuation"},
	"link.shortener":        {"gekürzter Link verbirgt sein Ziel", "shortened link hides its target"},
	"link.tracking":         {"Link mit Werbe-Parameter (%)", "link with a campaign parameter (%)"},
	"link.seller":           {"Link zu einem Anbieter (%)", "link to a seller (%)"},
	"link.contact":          {"Link zu Chat oder Kanal (%)", "link to a chat or channel (%)"},
	"link.hidden":           {"verschleierte Adresse (%)", "disguised address (%)"},
	"link.other":            {"Link zu %", "link to %"},
	"link.repeated":         {"mehrfach derselbe Link (%)", "the same link several times (%)"},
	"advert.offer":          {"Angebot oder Aufforderung zum Kauf", "offer or call to buy"},
	"advert.money":          {"Geld-, Kredit- oder Gewinnversprechen", "promise of money, credit or winnings"},
	"advert.goods":          {"angebotene Ware oder Dienstleistung", "goods or services on offer"},
	"advert.english":        {"englischer Werbetext", "advertising in English"},
	"advert.handle":         {"Aufforderung zur Kontaktaufnahme", "call to get in touch"},
	"advert.phone":          {"Telefonnummer im Angebot", "telephone number in an offer"},
	"advert.price":          {"Preisangabe", "price"},
	"advert.email":          {"E-Mail-Adresse im Angebot", "e-mail address in an offer"},
	"advert.similar":        {"fast gleicher Text von anderen Absendern", "nearly the same text by other senders"},
	"digression.topic":      {"anderes Thema als der Artikel (%)", "another topic than the article (%)"},
	"digression.turn":       {"wechselt das Thema", "changes the subject"},
	"digression.unrelated":  {"wenig Bezug zum Artikel", "little relation to the article"},
	"threat.kill":           {"Drohung", "threat"},
	"threat.death":          {"Todeswunsch oder Gewaltaufruf", "wish of death or call to violence"},
	"threat.harm":           {"Gewaltandrohung", "threat of violence"},
	"selfharm.self":         {"Hinweis auf Selbstgefährdung", "sign of danger to oneself"},
	"personal.phone":        {"Telefonnummer", "telephone number"},
	"personal.iban":         {"Kontonummer (IBAN)", "bank account number (IBAN)"},
	"personal.email":        {"E-Mail-Adresse", "e-mail address"},
	"personal.address":      {"Anschrift", "postal address"},
	"personal.plate":        {"Kfz-Kennzeichen", "licence plate"},
	"watch.term":            {"Begriff der Beobachtungsliste (%)", "term on the watch list (%)"},
	"form.capitals":         {"überwiegend Großbuchstaben", "mostly capitals"},
	"form.repeated":         {"wiederholter Text", "repeated text"},
	"form.hidden":           {"unsichtbare Zeichen im Text", "invisible characters in the text"},
	"form.truncated":        {"nur der Anfang wurde geprüft", "only the beginning was checked"},
	"language.other":        {"Sprache: %", "language: %"},
	"burst.similar":         {"fast gleiche Texte (%)", "nearly the same texts (%)"},
}

// Why puts a passage's or flag's code and argument into words, in German for
// "de" and in English for anything else. An unknown code is returned as it is.
func Why(lang, code, arg string) string {
	r, ok := reasons[code]
	if !ok {
		return code
	}
	text := r.en
	if lang == "de" || strings.HasPrefix(lang, "de-") {
		text = r.de
	}
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	return strings.Replace(text, "%", arg, 1)
}
