package article

import "fmt"

// Error is a source that cannot be taken in. Its text is one line that says what
// to do, and never contains words of the article. Compare with errors.Is.
type Error struct {
	Code   string // stable key, such as "too_large"
	de, en string
	cause  error
}

// Error is the English sentence, for the command line.
func (e *Error) Error() string { return e.en }

// Message is the sentence for a person: English where lang begins with "en",
// German otherwise.
func (e *Error) Message(lang string) string {
	if len(lang) >= 2 && (lang[:2] == "en" || lang[:2] == "EN") {
		return e.en
	}
	return e.de
}

// Is reports whether target is an Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Unwrap is the technical cause, nil where there is none.
func (e *Error) Unwrap() error { return e.cause }

// with fills the sentences in; both languages take the same arguments.
func (e *Error) with(args ...any) *Error {
	return &Error{Code: e.Code, de: fmt.Sprintf(e.de, args...), en: fmt.Sprintf(e.en, args...)}
}

func (e *Error) because(cause error) *Error {
	return &Error{Code: e.Code, de: e.de, en: e.en, cause: cause}
}

// What can be wrong with a source.
var (
	ErrEmpty = &Error{Code: "empty",
		de: "Die Quelle ist leer: Geben Sie den Text, die HTML-Seite oder die Markdown-Datei des Artikels an.",
		en: "the source is empty: give the article's text, HTML page or Markdown file"}
	ErrTooLarge = &Error{Code: "too_large",
		de: "Die Quelle ist größer als %s: Nehmen Sie nur den Artikel, ohne eingebettete Bilder und Daten.",
		en: "the source is larger than %s: take the article alone, without embedded pictures and data"}
	ErrBinary = &Error{Code: "binary",
		de: "Die Quelle ist keine Textdatei (%s): Speichern Sie den Artikel als Text, HTML oder Markdown in UTF-8.",
		en: "the source is not a text file (%s): save the article as text, HTML or Markdown in UTF-8"}
	ErrEncoding = &Error{Code: "encoding",
		de: "Die Zeichen der Quelle sind beschädigt (weder UTF-8 noch Windows-1252): Speichern Sie sie neu in UTF-8.",
		en: "the characters of the source are damaged (neither UTF-8 nor Windows-1252): save it again in UTF-8"}
	ErrNoHeadline = &Error{Code: "no_headline",
		de: "Keine Überschrift gefunden: Sie gehört in die erste Zeile (höchstens 300 Zeichen), in <h1> oder in das Feld „titel“.",
		en: "no headline found: put it in the first line (at most 300 characters), in <h1> or in the field \"title\""}
	ErrNoText = &Error{Code: "no_text",
		de: "Unter der Überschrift steht kein Artikeltext: Fügen Sie den Text ein oder prüfen Sie, ob die Seite ihn erst mit JavaScript lädt.",
		en: "no article text below the headline: add the text, or check whether the page loads it by JavaScript"}
	ErrTooLong = &Error{Code: "too_long",
		de: "Der Artikel hat mehr als 2.000 Absätze oder 400.000 Zeichen: Teilen Sie ihn oder entfernen Sie, was nicht dazugehört.",
		en: "the article has more than 2,000 blocks or 400,000 bytes: split it, or remove what is not part of it"}
	ErrMarkup = &Error{Code: "markup",
		de: "Das HTML ist zu tief verschachtelt: Geben Sie den Artikel als Text oder Markdown an.",
		en: "the HTML is nested too deeply: give the article as text or Markdown"}
)

// What can be wrong with an address.
var (
	ErrAddress = &Error{Code: "address",
		de: "Das ist keine Adresse, die geholt werden kann: Geben Sie sie vollständig an, etwa https://www.beispiel.de/artikel.",
		en: "this is not an address that can be fetched: give it in full, such as https://www.example.org/article"}
	ErrNotAllowed = &Error{Code: "not_allowed",
		de: "%s gehört nicht zu den erlaubten Adressen dieser Publikation: Lassen Sie sie eintragen oder fügen Sie den Text ein.",
		en: "%s is not one of this site's allowed origins: have it added, or paste the text"}
	ErrPrivate = &Error{Code: "private_address",
		de: "%s führt in ein internes Netz und wird nicht abgerufen: Tragen Sie die interne Adresse selbst als erlaubt ein oder fügen Sie den Text ein.",
		en: "%s leads into a private network and is not fetched: allow the internal address itself, or paste the text"}
	ErrUnreachable = &Error{Code: "unreachable",
		de: "%s ist nicht erreichbar oder antwortet zu langsam: Versuchen Sie es später oder fügen Sie den Text ein.",
		en: "%s cannot be reached or answers too slowly: try again later, or paste the text"}
	ErrStatus = &Error{Code: "status",
		de: "%s antwortet mit Status %d: Prüfen Sie die Adresse oder fügen Sie den Text ein.",
		en: "%s answers with status %d: check the address, or paste the text"}
	ErrContentType = &Error{Code: "content_type",
		de: "Unter der Adresse liegt keine HTML-Seite: Geben Sie die Adresse des Artikels an.",
		en: "there is no HTML page at this address: give the address of the article"}
	ErrImageType = &Error{Code: "image_type",
		de: "Das ist kein Bild, das gezeigt werden kann: Erlaubt sind JPEG, PNG, WebP, GIF und AVIF.",
		en: "this is not a picture that can be shown: JPEG, PNG, WebP, GIF and AVIF are allowed"}
	ErrImageSize = &Error{Code: "image_size",
		de: "Das Bild ist größer als %s: Verkleinern Sie es.",
		en: "the picture is larger than %s: make it smaller"}
)
