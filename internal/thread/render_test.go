package thread

import (
	"bytes"
	"html/template"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// page is the same page as List writes, by html/template: what escapes there
// must escape here, and what nests there must nest here.
var page = template.Must(template.New("list").Funcs(template.FuncMap{
	"time": func(v View, t time.Time) string { return locale.DateTime(v.Lang, t) },
	"iso":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"text": func(s string) [][]piece {
		var out [][]piece
		for _, p := range strings.Split(s, "\n\n") {
			out = append(out, pieces(p))
		}
		return out
	},
	"url":  func(s string) template.URL { return template.URL(s) },
	"gone": GoneWords,
}).Parse(`{{define "item"}}<li class="fg-item"><article class="fg-comment{{if .C.Staff}} fg-staff{{end}}" id="k{{.C.ID}}" aria-labelledby="n{{.C.ID}}">
{{- if .C.Gone}}<p class="fg-gone" id="n{{.C.ID}}">{{gone .V.Lang .C.Gone .C.GoneRule}}</p>{{else -}}
<header class="fg-head"><h3 class="fg-name" id="n{{.C.ID}}"><bdi>{{.C.Name}}</bdi></h3> {{if .C.Staff}}<span class="fg-badge">{{.T.Staff}}</span> {{end}}{{if .C.Picked}}<span class="fg-badge fg-pick">{{.T.Pick}}</span> {{end -}}
<a class="fg-time" href="{{url .V.Page}}?k={{.C.ID}}#k{{.C.ID}}" title="{{.T.Permalink}}"><time class="fg-when" datetime="{{iso .C.First}}">{{time .V .C.First}}</time></a>
{{- if .C.Edited}} <span class="fg-edited">{{.T.Edited}}</span>{{end}}</header>
{{- if .To}}<p class="fg-to"><a class="fg-link" href="{{if .Away}}{{url .V.Page}}?k={{.C.Parent}}{{end}}#k{{.C.Parent}}">{{if .C.ReplyTo}}{{.T.Before}}<bdi>{{.C.ReplyTo}}</bdi>{{.T.After}}{{else}}{{.T.Earlier}}{{end}}</a></p>{{end -}}
<div class="fg-text" dir="auto" lang="{{.C.Lang}}">{{range text .C.Text}}<p class="fg-p">{{range .}}{{if .Break}}<br>{{else if .Href}}<a class="fg-link" href="{{url .Href}}" rel="nofollow ugc noopener">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{end}}</p>{{end}}</div>
<footer class="fg-foot">{{if .V.Open}}<a class="fg-act fg-reply" href="{{url .V.Page}}?reply={{.C.ID}}#form-{{.C.Article}}" rel="nofollow" aria-describedby="n{{.C.ID}}">{{.T.Reply}}</a> {{end}}<a class="fg-act fg-report" href="{{url .Host}}/report/{{.C.ID}}" rel="nofollow" aria-describedby="n{{.C.ID}}">{{.T.Report}}</a>{{range .V.Reactions}} <button class="fg-act fg-react" form="react-{{$.C.Article}}" formmethod="post" formaction="{{url $.Host}}/react/{{$.C.ID}}" name="kind" value="{{.Kind}}" aria-describedby="n{{$.C.ID}}">{{.Name}}</button>{{end}}</footer>
{{- end}}</article>{{if .Replies}}<ol class="fg-replies">{{range .Replies}}{{template "item" .}}{{end}}</ol>{{end}}</li>{{end -}}
{{if .}}<ol class="fg-list">{{range .}}{{template "item" .}}{{end}}</ol>{{end}}`))

// piece is a stretch of a paragraph.
type piece struct {
	Text, Href string
	Break      bool
}

func pieces(paragraph string) []piece {
	var out []piece
	for i, line := range strings.Split(paragraph, "\n") {
		if i > 0 {
			out = append(out, piece{Break: true})
		}
		from := 0
		for _, l := range findLinks(line) {
			out = append(out, piece{Text: line[from:l.start]}, piece{Text: line[l.start:l.end], Href: l.href})
			from = l.end
		}
		out = append(out, piece{Text: line[from:]})
	}
	return out
}

type node struct {
	C        store.Released
	V        View
	T        words
	Host     string
	To, Away bool
	Replies  []*node
}

type words struct{ Staff, Pick, Permalink, Edited, Before, After, Earlier, Reply, Report string }

// tree arranges a page as the template wants it.
func tree(v View, page []store.Released) []*node {
	var roots []*node
	var above []*node
	here := map[string]bool{}
	l := labelsOf(v.Lang)
	for _, c := range page {
		n := &node{C: c, V: v, Host: origin(v.Page), Away: !here[c.Parent], T: words{l.staff, l.pick, l.permalink, l.edited(v.Lang, c.Published), l.toBefore, l.toAfter, l.toEarlier, l.reply, l.report}}
		n.To = c.Parent != "" && (c.ReplyTo != "" || n.Away)
		for len(above) > 0 && above[len(above)-1].C.Depth >= c.Depth {
			above = above[:len(above)-1]
		}
		if len(above) == 0 {
			roots = append(roots, n)
		} else {
			above[len(above)-1].Replies = append(above[len(above)-1].Replies, n)
		}
		above = append(above, n)
		here[c.ID] = true
	}
	return roots
}

// flat is a document as a list of lines, so that two can be compared.
func flat(t interface{ Fatal(...any) }, source string) []string {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(n *html.Node, depth int)
	walk = func(n *html.Node, depth int) {
		line := strings.Repeat(" ", depth) + n.Data
		for _, a := range n.Attr {
			if plain, err := url.PathUnescape(a.Val); err == nil && a.Key == "href" {
				a.Val = plain // the template writes brackets as %28 and %29
			}
			line += " " + a.Key + "=" + a.Val
		}
		out = append(out, line)
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, depth+1)
		}
	}
	walk(doc, 0)
	return out
}

var nasty = []string{
	"<script>alert(1)</script>", "\" onmouseover=\"x", "&amp; &lt;", "</p></article>", "https://example.org/a?b=c&d=\"e", "www.beispiel.example.",
	"(siehe https://de.example.org/Artikel_(Ort))", "javascript:alert(1)", "http://user:pw@example.org/", "\u202Eabc", "שלום עולם", "Zeile eins\nZeile zwei", "\n\n", " ", "Donau\u00addampf", "'", "😀", "http://", "https://ex ample.org",
}

func drawText(t *rapid.T, label string) string {
	parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(nasty), rapid.StringN(0, 12, 40)), 0, 6).Draw(t, label)
	s := strings.ToValidUTF8(strings.Join(parts, ""), "")
	return strings.NewReplacer("\x00", "", "\r", "").Replace(s) // the store keeps neither
}

func drawPage(t *rapid.T) []store.Released {
	n := rapid.IntRange(0, 12).Draw(t, "comments")
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	page := make([]store.Released, n)
	depth := rapid.IntRange(0, 2).Draw(t, "first depth")
	for i := range page {
		if i > 0 {
			depth = rapid.IntRange(0, min(depth+1, 3)).Draw(t, "depth")
		}
		c := store.Released{ID: "c" + string(rune('a'+i)), Article: "art", Depth: depth, Name: drawText(t, "name"), Text: drawText(t, "text"), Lang: "de",
			First: at.Add(time.Duration(i) * time.Minute), Published: at.Add(time.Hour), Staff: rapid.Bool().Draw(t, "staff"), Picked: rapid.Bool().Draw(t, "pick"), Edited: rapid.Bool().Draw(t, "edited")}
		if depth > 0 {
			c.Parent = rapid.SampledFrom([]string{"c" + string(rune('a'+max(i-1, 0))), "elsewhere"}).Draw(t, "parent")
			c.ReplyTo = rapid.SampledFrom([]string{"", drawText(t, "to")}).Draw(t, "reply to")
		}
		if rapid.IntRange(0, 5).Draw(t, "gone") == 0 {
			c.Gone, c.GoneRule = rapid.SampledFrom([]string{"removed", "withdrawn"}).Draw(t, "how"), rapid.SampledFrom([]moderation.Rule{"", "profanity", "<b>"}).Draw(t, "rule")
		}
		page[i] = c
	}
	return page
}

func TestListEqualsTheTemplate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := View{Lang: rapid.SampledFrom([]string{"de", "en"}).Draw(t, "language"), Open: rapid.Bool().Draw(t, "open"),
			Reactions: rapid.SampledFrom([][]Reaction{nil, {{"helpful", "Hilf <reich>"}, {"thanks", "Danke"}}}).Draw(t, "reactions"),
			Page:      rapid.SampledFrom([]string{"/a/art", "https://kommentare.example/a/art"}).Draw(t, "page")}
		comments := drawPage(t)
		var want bytes.Buffer
		if err := page.Execute(&want, tree(v, comments)); err != nil {
			t.Fatal(err)
		}
		got := string(List(nil, v, comments))
		if diff := cmp.Diff(flat(t, strings.ReplaceAll(want.String(), "</div>\n<footer", "</div><footer")), flat(t, got)); diff != "" {
			t.Fatalf("the page differs (-template +list):\n%s\nfrom\n%s", diff, got)
		}
	})
}

func TestTextMakesLinks(t *testing.T) {
	for text, want := range map[string]string{
		"Siehe https://example.org/a, dort.":        `<p class="fg-p">Siehe <a class="fg-link" href="https://example.org/a" rel="nofollow ugc noopener">https://example.org/a</a>, dort.</p>`,
		"www.example.org":                           `<p class="fg-p"><a class="fg-link" href="http://www.example.org" rel="nofollow ugc noopener">www.example.org</a></p>`,
		"(https://example.org/x_(y))":               `<p class="fg-p">(<a class="fg-link" href="https://example.org/x_(y)" rel="nofollow ugc noopener">https://example.org/x_(y)</a>)</p>`,
		"https://example.org/?q=20%%&r=%4&s=%41":    `<p class="fg-p"><a class="fg-link" href="https://example.org/?q=20%25%25&amp;r=%254&amp;s=%41" rel="nofollow ugc noopener">https://example.org/?q=20%%&amp;r=%4&amp;s=%41</a></p>`,
		"eins\nzwei\n\ndrei":                        `<p class="fg-p">eins<br>zwei</p><p class="fg-p">drei</p>`,
		"javascript:alert(1)":                       `<p class="fg-p">javascript:alert(1)</p>`,
		"http://nutzer:geheim@example.org":          `<p class="fg-p">http://nutzer:geheim@example.org</p>`,
		"xhttps://example.org und http://localhost": `<p class="fg-p">xhttps://example.org und http://localhost</p>`,
		"<b>\"&'": `<p class="fg-p">&lt;b&gt;&#34;&amp;&#39;</p>`,
	} {
		if got := string(Text(nil, text)); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
}

func BenchmarkList(b *testing.B) {
	comments := make([]store.Released, PageSize)
	for i := range comments {
		comments[i] = store.Released{ID: "k3mf9a0p2q7x5v1n8t4c", Article: "a3mf9a0p2q7x5v1n8t4c", Depth: i % 3, Name: "Pendlerin aus der Südstadt", Lang: "de", First: time.Unix(1764000000, 0),
			Text: "Die Umleitung über die Weststraße kostet uns jeden Morgen eine halbe Stunde.\n\nEs gibt dazu einen Bericht unter https://stadt.example/verkehr, den kaum jemand kennt."}
	}
	buf := make([]byte, 0, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = List(buf[:0], View{Lang: "de", Page: "/a/x", Open: true}, comments)
	}
}
