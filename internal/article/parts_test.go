package article

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
)

func TestDates(t *testing.T) {
	for s, want := range map[string]string{
		"26. April 2024":                        "2024-04-26",
		"Bote26. April 2024":                    "2024-04-26",
		"26.04.2024":                            "2024-04-26",
		"Bote26.4.24, 10:15 Uhr":                "2024-04-26",
		"26. Apr. 2024":                         "2024-04-26",
		"5. Jänner 2025":                        "2025-01-05",
		"1. Feber 2025":                         "2025-02-01",
		"3. Mrz. 2021":                          "2021-03-03",
		"2024-04-26T10:00":                      "2024-04-26",
		"2024-04-26T23:30:00Z":                  "2024-04-26",
		"April 26, 2024":                        "2024-04-26",
		"Fri, 26 Apr 2024 10:00:00 GMT":         "2024-04-26",
		"29. Februar 2024":                      "2024-02-29",
		"29. Februar 2023":                      "",
		"31.04.2024":                            "",
		"26.13.2024":                            "",
		"Ergebnis 3:2, Platz 4, Telefon 040 12": "",
	} {
		if got := dayIn(s); got != want {
			t.Errorf("day in %q: %q, want %q", s, got, want)
		}
	}
}

func TestDatelines(t *testing.T) {
	for s, want := range map[string]dateline{
		"Bote26. April 2024":                        {day: "2024-04-26", publisher: "Bote", rank: 2},
		"Stand: 26.04.2024":                         {day: "2024-04-26", rank: 1},
		"Veröffentlicht am 26. April 2024":          {day: "2024-04-26", rank: 3},
		"Zuletzt aktualisiert am 26.4.2024 um 9:05": {day: "2024-04-26", rank: 1},
		"Anna Beispiel | Bote | 26.04.2024":         {day: "2024-04-26", publisher: "Bote", authors: []string{"Anna Beispiel"}, rank: 2},
		"Von Anna Beispiel, 26.04.2024":             {day: "2024-04-26", authors: []string{"Anna Beispiel"}, rank: 2},
		"26. April 2024 | Bote":                     {day: "2024-04-26", publisher: "Bote", rank: 2},
		"Bote, 26.04.2024 (aktualisiert 27.4.2024)": {day: "2024-04-26", publisher: "Bote", rank: 2},
		"Freitag, 26. April 2024, 18.30 Uhr":        {day: "2024-04-26", rank: 2},
	} {
		got, ok := readDateline(s)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(dateline{})); !ok || diff != "" {
			t.Errorf("%q: %v\n%s", s, ok, diff)
		}
	}
	for _, s := range []string{"Wahl am 26. April 2024", "Das Urteil vom Gericht fiel am 26. April 2024.", "Ferien bis 26.04.2024", "Keine Angabe"} {
		if d, ok := readDateline(s); ok {
			t.Errorf("%q is no dateline: %+v", s, d)
		}
	}
}

func TestSignOffs(t *testing.T) {
	for s, want := range map[string]string{
		"Das war es. (afp/nh)":                              "(afp/nh)",
		"Das war es. (dpa)":                                 "(dpa)",
		"Das war es. (dpa/lby)":                             "(dpa/lby)",
		"Das war es. (reuters)":                             "(reuters)",
		"Das war es. (APA)":                                 "(APA)",
		"Das war es. (APA, red, 26.4.2024)":                 "(APA, red, 26.4.2024)",
		"Das war es (dpa/js)":                               "(dpa/js)",
		"Das war es.(dpa)":                                  "(dpa)",
		"„Das war es.“ (dpa-afx/mis)":                       "(dpa-afx/mis)",
		"Das war es. (mit Material von dpa)":                "(mit Material von dpa)",
		"Das war es. (Mit Material der Nachrichtenagentur)": "(Mit Material der Nachrichtenagentur)",
		"Das war es. dpa/js":                                "dpa/js",
		"Das war es. AFP":                                   "AFP",
		"Das war es. (nh)":                                  "(nh)",
		"Das war es. (red.)":                                "(red.)",
		"Das war es. © dpa-infocom, dpa:240901-99-1/2":      "© dpa-infocom",
	} {
		if rest, got := takeSignOff(s); got != want || !strings.Contains(rest, "Das war es") || strings.Contains(rest, "dpa") {
			t.Errorf("%q: sign-off %q, rest %q, want %q", s, got, rest, want)
		}
	}
	for _, s := range []string{
		"Er sprach mit der Deutschen Presse-Agentur (dpa).",
		"Das sagte ein Sprecher der Europäischen Union (EU).",
		"Wir treffen Anna (kurz) und Jan (links)",
		"Die Partei nannte das einen Erfolg.",
		"Das meldete die Agentur Reuters.",
		"Er gewann gegen Polen (2:1)",
		"So ist es (zum Glück).",
	} {
		if rest, got := takeSignOff(s); got != "" || rest != s {
			t.Errorf("%q: sign-off %q", s, got)
		}
	}
}

func TestCaptions(t *testing.T) {
	type pair struct{ Caption, Credit string }
	for s, want := range map[string]pair{
		"Der Hafen (von Norden).Foto: Anna B./dpa":           {"Der Hafen (von Norden).", "Anna B./dpa"},
		"Der Hafen. Im Hintergrund die Werft. Foto: Anna B.": {"Der Hafen. Im Hintergrund die Werft.", "Anna B."},
		"Der Hafen (Foto: Anna Beispiel)":                    {"Der Hafen", "Anna Beispiel"},
		"Der Hafen [Bild: Anna Beispiel].":                   {"Der Hafen", "Anna Beispiel"},
		"Der Hafen am AbendFoto: dpa":                        {"Der Hafen am Abend", "dpa"},
		"Der Hafen | Bild: picture alliance / dpa":           {"Der Hafen", "picture alliance / dpa"},
		"Der Hafen. © Anna Beispiel/Getty Images":            {"Der Hafen.", "Anna Beispiel/Getty Images"},
		"Der Hafen. Foto: © Anna Beispiel":                   {"Der Hafen.", "Anna Beispiel"},
		"Der Hafen. Symbolbild: imago":                       {"Der Hafen. (Symbolbild)", "imago"},
		"Foto: Anna Beispiel":                                {"", "Anna Beispiel"},
		"Am 3. Mai 2023 im Hafen.Archivfoto: Anna Beispiel":  {"Am 3. Mai 2023 im Hafen. (Archivfoto)", "Anna Beispiel"},
	} {
		c, ok := splitCaption(s)
		if got := (pair{c.caption, c.credit}); !ok || got != want {
			t.Errorf("%q: %+v, want %+v", s, got, want)
		}
	}
	for _, s := range []string{
		"Das Foto: ein Beweis, dass der Hafen voll ist. Die Werft liegt still.",
		"Ein Foto: mehr war von der Krone nicht geblieben, sagte er.",
		"Die Zahl stieg um fünf Prozent (Quelle: Statistikamt).",
		"Der Hafen ist voll.",
	} {
		if c, ok := readCaption(s); ok {
			t.Errorf("%q is no caption: %+v", s, c)
		}
	}
}

// A subheading is a byline in form only where a name follows.
func TestBylines(t *testing.T) {
	if got := readByline("Von Anna Beispiel und Dr. Jan van Muster"); !cmp.Equal(got, []string{"Anna Beispiel", "Dr. Jan van Muster"}) {
		t.Errorf("authors %q", got)
	}
	for _, s := range []string{"Von Anfang an gescheitert", "Von der Leyen kündigt Reform an", "Vonseiten der Stadt"} {
		if got := readByline(s); got != nil {
			t.Errorf("%q: authors %q", s, got)
		}
	}
}

// A page in an old encoding says so in <meta> or in the header; a page that sends
// UTF-8 and declares something else is read as UTF-8.
func TestCharset(t *testing.T) {
	page := "<html><head><meta charset=\"iso-8859-2\"><title>x</title></head><body><h1>Łódź feiert</h1><p>Die Stadt Łódź feiert ein großes Fest mit Musik und Tanz, zu dem Gäste aus ganz Europa kommen.</p></body></html>"
	latin2, err := charmap.ISO8859_2.NewEncoder().String(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []string{latin2, page} {
		a, err := ParseHTML([]byte(src), nil)
		if err != nil || a.Headline != "Łódź feiert" || !strings.Contains(a.Body(), "großes Fest") {
			t.Errorf("headline %q, error %v", a.Headline, err)
		}
	}
	bare := strings.Replace(latin2, `<meta charset="iso-8859-2">`, "", 1)
	if a, err := parseHTML([]byte(bare), "text/html; charset=iso-8859-2", nil); err != nil || a.Headline != "Łódź feiert" {
		t.Errorf("by header: headline %q, error %v", a.Headline, err)
	}
}

// The page's address resolves relative ones and stands in where no canonical link is.
func TestAddresses(t *testing.T) {
	base, err := url.Parse("https://bote.example/stadt/hafen?x=1")
	if err != nil {
		t.Fatal(err)
	}
	const page = `<html><h1>Hafen voll</h1><figure><img src="../b/hafen.jpg"></figure><p>Der Hafen ist seit Montag voll besetzt, teilte die Behörde mit.</p></html>`
	a, err := ParseHTML([]byte(page), base)
	if err != nil || a.URL != base.String() || a.Image == nil || a.Image.Src != "https://bote.example/b/hafen.jpg" {
		t.Errorf("address %q, picture %+v, error %v", a.URL, a.Image, err)
	}
	for _, s := range []string{"javascript:alert(1)", "data:text/html,x", "//bote.example/x", "https://", "https://u:p@bote.example/", "ftp://bote.example/", "https://bote.example/\n"} {
		if got := webAddress(s); got != "" && got != s[:len(s)-1] {
			t.Errorf("%q became %q", s, got)
		}
	}
	for _, s := range []string{"../x.jpg", "/etc/passwd", "a/../../x.jpg", `..\x.jpg`, "c:x.jpg", "%2e%2e/x.jpg", "file:x.jpg", "//h/x"} {
		if got := relativePath(s); got != "" {
			t.Errorf("%q counts as a path below the source", s)
		}
	}
}

// Hostile input of the largest size is answered, not computed on for minutes.
func TestHostileSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, unit := range []string{"> ", "[", "*a ", "![", "](", "1. ", "a.Foto: ", "(dpa) ", "<b>", "<a href=x>", "<p>a", "Liebe Leser ", "26. April 2024 "} {
		row := strings.Repeat(unit, 15000/len(unit)) + "\n"
		src := []byte("# Titel\n\n" + strings.Repeat(row, MaxSource/4/len(row)))
		md := src[:min(len(src), maxBody)]
		for name, parse := range map[string]func() (Article, error){
			"text":     func() (Article, error) { return ParseText(src) },
			"html":     func() (Article, error) { return ParseHTML(src, nil) },
			"markdown": func() (Article, error) { return ParseMarkdown(md) },
		} {
			start := time.Now()
			a, err := parse()
			sound(t, a, err)
			if d := time.Since(start); d > 60*time.Second {
				t.Errorf("%s of %q took %v", name, unit, d)
			}
		}
	}
}
