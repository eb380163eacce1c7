package article

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

var update = flag.Bool("update", false, "write the results into testdata; read the difference before you commit it")

// sample is one file of testdata: a page and what must be found in it.
type sample struct {
	file  string
	name  string // of the input, with its extension
	input []byte
	want  []byte
}

func samples(t testing.TB, pattern string) []sample {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples in testdata/%s: %v", pattern, err)
	}
	var out []sample
	for _, f := range files {
		ar, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s := sample{file: f, name: ar.Files[0].Name, input: ar.Files[0].Data}
		for _, part := range ar.Files[1:] {
			s.want = part.Data
		}
		out = append(out, s)
	}
	return out
}

func encode(t testing.TB, a Article) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(a); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every page in testdata comes out exactly as its want.json says, found by Parse alone.
func TestSamples(t *testing.T) {
	for _, s := range samples(t, "*") {
		t.Run(filepath.ToSlash(s.file), func(t *testing.T) {
			a, err := Parse(s.name, s.input)
			if err != nil {
				t.Fatal(err)
			}
			got := encode(t, a)
			if *update {
				ar, _ := txtar.ParseFile(s.file)
				ar.Files = append(ar.Files[:1], txtar.File{Name: "want.json", Data: got})
				if err := os.WriteFile(s.file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(s.want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The same words in another encoding or with other line ends are the same article.
func TestEncodings(t *testing.T) {
	win := func(s string) string {
		out, err := charmap.Windows1252.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	utf16 := func(s string) string {
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	forms := map[string]func(string) string{
		"crlf":           func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"cr":             func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
		"bom":            func(s string) string { return "\ufeff" + s },
		"windows-1252":   win,
		"utf-16":         utf16,
		"no-break space": func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") },
		"soft hyphen":    func(s string) string { return strings.ReplaceAll(s, "ung", "\u00adung") },
		"decomposed":     func(s string) string { return strings.NewReplacer("ü", "u\u0308", "ä", "a\u0308").Replace(s) },
		"overrides":      func(s string) string { return strings.ReplaceAll(s, "Kommentare", "\u202eKommentare\u202c") },
		"spaces at ends": func(s string) string { return strings.ReplaceAll(s, "\n", " \t\n") },
	}
	for _, s := range samples(t, "text") {
		for name, form := range forms {
			a, err := Parse(s.name, []byte(form(string(s.input))))
			if err != nil {
				t.Errorf("%s, %s: %v", s.file, name, err)
				continue
			}
			if diff := cmp.Diff(string(s.want), string(encode(t, a))); diff != "" {
				t.Errorf("%s, %s:\n%s", s.file, name, diff)
			}
		}
	}
}

// What cannot be an article is refused with one line that says what to do, in both languages.
func TestBadInput(t *testing.T) {
	long := strings.Repeat("Das ist ein Satz, der immer wiederkehrt. ", 9000)
	for _, c := range []struct {
		name string
		src  string
		want error
	}{
		{"empty.txt", "", ErrEmpty},
		{"blank.txt", " \n\u00a0\n", ErrEmpty},
		{"mark.txt", "\ufeff\n", ErrEmpty},
		{"zero.txt", "Titel\n\nText mit \x00 darin.", ErrBinary},
		{"article.pdf", "%PDF-1.7\n%âãÏÓ", ErrBinary},
		{"article.docx", "PK\x03\x04\x14\x00", ErrBinary},
		{"article.rtf", `{\rtf1\ansi Titel}`, ErrBinary},
		{"control.txt", "Titel\n" + strings.Repeat("\x01\x02", 40), ErrBinary},
		{"broken-utf8.txt", "Größe und Maß, Öl und Äpfel \xc3\x28 über", ErrEncoding},
		{"no-1252.txt", "Titel\n\nText \x81\x8d\x8f darin.", ErrEncoding},
		{"large.txt", "Titel\n\n" + strings.Repeat("x", 10<<20), ErrTooLarge},
		{"large.html", "<html><h1>Titel</h1>" + strings.Repeat("<p>x</p>", 10<<17), ErrTooLarge},
		{"long.txt", "Titel\n\n" + long + "\n\n" + long, ErrTooLong},
		{"blocks.md", "# Titel\n\n" + strings.Repeat("Ein Satz.\n\n", 2500), ErrTooLong},
		{"headline-only.txt", "Nur eine Überschrift", ErrNoText},
		{"no-headline.txt", long[:3000], ErrNoHeadline},
		{"script.html", "<html><title>Titel</title><script>document.write('x')</script><noscript>Bitte JavaScript</noscript>", ErrNoText},
		{"deep.html", "<html><h1>Titel</h1>" + strings.Repeat("<div>", 3000), ErrMarkup},
		{"deep.md", "# Titel\n\n" + strings.Repeat("> ", 5000) + "Text.", ErrMarkup},
		{"brackets.md", "# Titel\n\n" + strings.Repeat("[", 5000) + " Text.", ErrMarkup},
	} {
		_, err := Parse(c.name, []byte(c.src))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
			continue
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %T is no *Error", c.name, err)
			continue
		}
		for _, s := range []string{e.Error(), e.Message("de-AT"), e.Message("en")} {
			if s == "" || strings.ContainsAny(s, "\n\r") || strings.Contains(s, "%!") || !strings.Contains(s, ":") {
				t.Errorf("%s: message %q", c.name, s)
			}
		}
		if e.Message("de") == e.Message("en") {
			t.Errorf("%s: the German message is the English one", c.name)
		}
	}
}

// sound checks what holds for every article, whatever the input was.
func sound(t *testing.T, a Article, err error) {
	t.Helper()
	if err != nil {
		var e *Error
		if !errors.As(err, &e) || strings.Contains(e.Error(), "\n") {
			t.Fatalf("error %v", err)
		}
		return
	}
	if a.Headline == "" || a.Blocks == nil || a.Boxes == nil {
		t.Fatalf("headline %q, blocks %v, boxes %v", a.Headline, a.Blocks, a.Boxes)
	}
	texts := append([]string{a.Headline, a.Lede, a.Publisher, a.Date, a.SignOff, a.URL, a.Section, a.Language}, a.Boxes...)
	texts = append(texts, a.Authors...)
	for _, b := range a.Blocks {
		if b.Kind != Paragraph && b.Kind != Subheading || b.Text == "" {
			t.Fatalf("block %+v", b)
		}
		texts = append(texts, b.Text)
	}
	if a.Image != nil {
		texts = append(texts, a.Image.Src, a.Image.Alt, a.Image.Caption, a.Image.Credit)
		if a.Image.Src != "" && webAddress(a.Image.Src) == "" && relativePath(a.Image.Src) == "" {
			t.Fatalf("picture at %q", a.Image.Src)
		}
	}
	if a.URL != "" && webAddress(a.URL) == "" {
		t.Fatalf("address %q", a.URL)
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || s != clean(s) {
			t.Fatalf("text %q", s)
		}
	}
}

func fuzz(f *testing.F, dir string, parse func([]byte) (Article, error)) {
	for _, s := range samples(f, dir) {
		f.Add(s.input)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		a, err := parse(src)
		sound(t, a, err)
	})
}

func FuzzParseText(f *testing.F) { fuzz(f, "text", ParseText) }

func FuzzParseHTML(f *testing.F) {
	fuzz(f, "html", func(src []byte) (Article, error) { return ParseHTML(src, nil) })
}

func FuzzParseMarkdown(f *testing.F) { fuzz(f, "markdown", ParseMarkdown) }
