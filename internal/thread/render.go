package thread

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// PageSize is how many comments a page holds.
const PageSize = 50

// View is what List needs to know beside the comments.
type View struct {
	Lang  string // of the interface: "de" or "en"
	Page  string // address of the article's page, which replies, reports and permalinks lead to
	Open  bool   // replies are possible
	Order store.Sort

	Reactions []Reaction // what readers can give, if anything
	Initials  bool       // of authors' names stand before them
}

// Reaction is a kind of reaction and its word on the button.
type Reaction struct{ Kind, Name string }

// List writes a page of a thread as nested lists. A page may begin in the
// middle of a discussion; its first comment then names what it answers.
func List(b []byte, v View, page []store.Released) []byte {
	if len(page) == 0 {
		return b
	}
	w := writer{b: b, v: v, t: labelsOf(v.Lang), here: make(map[string]bool, len(page))}
	w.raw(`<ol class="fg-list">`)
	var depths []int // of the lists that are open
	for i, c := range page {
		depths = w.descend(depths, i, c.Depth)
		w.comment(c)
		w.here[c.ID] = true
	}
	for range depths {
		w.raw(`</li></ol>`)
	}
	return w.b
}

// descend closes and opens lists so that the next comment stands at its depth.
func (w *writer) descend(depths []int, i, depth int) []int {
	if i == 0 {
		return append(depths, depth)
	}
	if depth > depths[len(depths)-1] {
		w.raw(`<ol class="fg-replies">`)
		return append(depths, depth)
	}
	for len(depths) > 1 && depths[len(depths)-1] > depth {
		w.raw(`</li></ol>`)
		depths = depths[:len(depths)-1]
	}
	w.raw(`</li>`)
	depths[len(depths)-1] = min(depths[len(depths)-1], depth)
	return depths
}

type writer struct {
	b    []byte
	v    View
	t    labels
	here map[string]bool // comments of this page that were written already
}

func (w *writer) raw(s string)  { w.b = append(w.b, s...) }
func (w *writer) text(s string) { w.b = escape(w.b, s) }

// comment writes one comment, its list item left open for replies.
func (w *writer) comment(c store.Released) {
	w.raw(`<li class="fg-item"><article class="fg-comment`)
	if c.Staff {
		w.raw(` fg-staff`)
	}
	w.raw(`" id="k`)
	w.text(c.ID)
	w.raw(`" aria-labelledby="n`)
	w.text(c.ID)
	w.raw(`">`)
	if c.Gone != "" {
		w.gone(c)
	} else {
		w.head(c)
		w.answered(c)
		w.body(c)
		w.foot(c)
	}
	w.raw(`</article>`)
}

// gone writes the placeholder of a comment that was taken down.
func (w *writer) gone(c store.Released) {
	w.raw(`<p class="fg-gone" id="n`)
	w.text(c.ID)
	w.raw(`">`)
	w.text(w.t.goneWords(w.v.Lang, c))
	w.raw(`</p>`)
}

func (w *writer) head(c store.Released) {
	w.raw(`<header class="fg-head">`)
	if w.v.Initials {
		w.raw(`<span class="fg-face" aria-hidden="true">`)
		w.text(Initials(c.Name))
		w.raw(`</span>`)
	}
	w.raw(`<h3 class="fg-name" id="n`)
	w.text(c.ID)
	w.raw(`"><bdi>`)
	w.text(c.Name)
	w.raw(`</bdi></h3> `)
	if c.Staff {
		w.badge("fg-badge", w.t.staff)
	}
	if c.Picked {
		w.badge("fg-badge fg-pick", w.t.pick)
	}
	w.raw(`<a class="fg-time" href="`)
	w.text(w.v.Page)
	w.raw(`?k=`)
	w.text(c.ID)
	w.raw(`#k`)
	w.text(c.ID)
	w.raw(`" title="`)
	w.text(w.t.permalink)
	w.raw(`">`)
	w.time(c.First)
	w.raw(`</a>`)
	if c.Edited {
		w.raw(` <span class="fg-edited">`)
		w.text(w.t.edited(w.v.Lang, c.Published))
		w.raw(`</span>`)
	}
	w.raw(`</header>`)
}

// Initials gives the first letters of a name's first and last word, in capitals.
func Initials(name string) string {
	var letters []rune
	for word := range strings.FieldsSeq(name) {
		if first, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(first) {
			letters = append(letters, unicode.ToUpper(first))
		}
	}
	if len(letters) > 2 {
		letters = []rune{letters[0], letters[len(letters)-1]}
	}
	return string(letters)
}

func (w *writer) badge(class, words string) {
	w.raw(`<span class="`)
	w.raw(class)
	w.raw(`">`)
	w.text(words)
	w.raw(`</span> `)
}

func (w *writer) time(t time.Time) {
	w.raw(`<time class="fg-when" datetime="`)
	w.b = t.UTC().AppendFormat(w.b, time.RFC3339)
	w.raw(`">`)
	w.b = w.t.when.append(w.b, t)
	w.raw(`</time>`)
}

// clock writes a moment as locale.DateTime does, from the catalogue's pieces:
// that function parses them each time, which is most of a page's cost.
type clock struct {
	months [13]string
	form   []string // pieces and placeholders in turn
}

func clockOf(lang string) clock {
	var c clock
	for m := time.January; m <= time.December; m++ {
		c.months[m] = locale.T(lang, fmt.Sprintf("time.month.%02d", m))
	}
	form := strings.ReplaceAll(locale.T(lang, "time.datetime"), "{date}", locale.T(lang, "time.date"))
	for form != "" {
		before, rest, _ := strings.Cut(form, "{")
		name, after, _ := strings.Cut(rest, "}")
		c.form, form = append(c.form, before, name), after
	}
	return c
}

func (c clock) append(b []byte, t time.Time) []byte {
	t = t.In(locale.Berlin)
	for i, piece := range c.form {
		switch {
		case i%2 == 0:
			b = escape(b, piece)
		case piece == "day":
			b = strconv.AppendInt(b, int64(t.Day()), 10)
		case piece == "month":
			b = append(b, c.months[t.Month()]...)
		case piece == "year":
			b = strconv.AppendInt(b, int64(t.Year()), 10)
		case piece == "time":
			b = t.AppendFormat(b, "15:04")
		}
	}
	return b
}

// answered names the comment answered where its place does not show it: in a
// flattened discussion, and where it stands on another page.
func (w *writer) answered(c store.Released) {
	if c.Parent == "" || c.ReplyTo == "" && w.here[c.Parent] {
		return
	}
	w.raw(`<p class="fg-to"><a class="fg-link" href="`)
	if !w.here[c.Parent] {
		w.text(w.v.Page)
		w.raw(`?k=`)
		w.text(c.Parent)
	}
	w.raw(`#k`)
	w.text(c.Parent)
	w.raw(`">`)
	if c.ReplyTo == "" {
		w.text(w.t.toEarlier)
	} else {
		w.text(w.t.toBefore)
		w.raw(`<bdi>`)
		w.text(c.ReplyTo)
		w.raw(`</bdi>`)
		w.text(w.t.toAfter)
	}
	w.raw(`</a></p>`)
}

func (w *writer) body(c store.Released) {
	w.raw(`<div class="fg-text" dir="auto" lang="`)
	w.text(c.Lang)
	w.raw(`">`)
	w.b = Text(w.b, c.Text)
	w.raw(`</div>`)
}

func (w *writer) foot(c store.Released) {
	w.raw(`<footer class="fg-foot">`)
	if w.v.Open {
		w.raw(`<a class="fg-act fg-reply" href="`)
		w.text(w.v.Page)
		w.raw(`?reply=`)
		w.text(c.ID)
		w.raw(`#form-`)
		w.text(c.Article)
		w.raw(`" rel="nofollow" aria-describedby="n`)
		w.text(c.ID)
		w.raw(`">`)
		w.text(w.t.reply)
		w.raw(`</a> `)
	}
	w.raw(`<a class="fg-act fg-report" href="`)
	w.text(origin(w.v.Page))
	w.raw(`/report/`)
	w.text(c.ID)
	w.raw(`" rel="nofollow" aria-describedby="n`)
	w.text(c.ID)
	w.raw(`">`)
	w.text(w.t.report)
	w.raw(`</a>`)
	for _, r := range w.v.Reactions {
		w.reaction(c, r)
	}
	w.raw(`</footer>`)
}

// reaction writes a button of the section's form for reactions. Counts are no part
// of the page, which changes only when an editor decides.
func (w *writer) reaction(c store.Released, r Reaction) {
	w.raw(` <button class="fg-act fg-react" form="react-`)
	w.text(c.Article)
	w.raw(`" formmethod="post" formaction="`)
	w.text(origin(w.v.Page))
	w.raw(`/react/`)
	w.text(c.ID)
	w.raw(`" name="kind" value="`)
	w.text(r.Kind)
	w.raw(`" aria-describedby="n`)
	w.text(c.ID)
	w.raw(`">`)
	w.text(r.Name)
	w.raw(`</button>`)
}

// origin is the part of an address before its path: "" for a path.
func origin(page string) string {
	scheme, rest, ok := strings.Cut(page, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// Text writes a comment's plain text as HTML: paragraphs, line breaks, and web
// addresses as links that pass nothing on to search engines.
func Text(b []byte, text string) []byte {
	for para := range strings.SplitSeq(text, "\n\n") {
		b = append(b, `<p class="fg-p">`...)
		for i, line := range strings.Split(para, "\n") {
			if i > 0 {
				b = append(b, `<br>`...)
			}
			b = linked(b, line)
		}
		b = append(b, `</p>`...)
	}
	return b
}

func linked(b []byte, line string) []byte {
	from := 0
	for _, l := range findLinks(line) {
		b = escape(b, line[from:l.start])
		b = append(b, `<a class="fg-link" href="`...)
		b = escape(b, l.href)
		b = append(b, `" rel="nofollow ugc noopener">`...)
		b = escape(b, line[l.start:l.end])
		b = append(b, `</a>`...)
		from = l.end
	}
	return escape(b, line[from:])
}

// escape writes a text so that it means itself, in elements and in attributes.
func escape(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		var as string
		switch s[i] {
		case '&':
			as = "&amp;"
		case '<':
			as = "&lt;"
		case '>':
			as = "&gt;"
		case '"':
			as = "&#34;"
		case '\'':
			as = "&#39;"
		case 0, '\r':
			as = string(utf8.RuneError)
		default:
			continue
		}
		b = append(b, s[from:i]...)
		b = append(b, as...)
		from = i + 1
	}
	return append(b, s[from:]...)
}

// labels are the words of the interface in one language.
type labels struct {
	staff, pick, permalink, reply, report string
	toBefore, toAfter, toEarlier          string
	when                                  clock
}

var inLanguage = map[string]labels{"de": makeLabels("de"), "en": makeLabels("en")}

func labelsOf(lang string) labels { return inLanguage[locale.Match(lang)] }

func makeLabels(lang string) labels {
	t := func(key string) string { return locale.T(lang, key) }
	l := labels{
		staff: t("reader.comment.editor"), pick: t("reader.comment.pick"), permalink: t("reader.comment.permalink"),
		reply: t("reader.comment.reply"), report: t("reader.report.action"), toEarlier: t("reader.comment.replyToEarlier"), when: clockOf(lang),
	}
	l.toBefore, l.toAfter, _ = strings.Cut(t("reader.comment.replyTo"), "{name}")
	return l
}

func (l labels) edited(lang string, at time.Time) string {
	return locale.T(lang, "reader.comment.edited", "date", locale.DateTime(lang, at))
}

func (l labels) goneWords(lang string, c store.Released) string {
	return GoneWords(lang, c.Gone, c.GoneRule)
}

// GoneWords is what stands in place of a comment that was taken down.
func GoneWords(lang, gone string, rule moderation.Rule) string {
	name := "rules." + string(rule) + ".name"
	switch {
	case gone == string(moderation.Withdrawn):
		return locale.T(lang, "reader.comment.withdrawn")
	case rule != "" && locale.Has(name):
		return locale.T(lang, "reader.comment.removed.rule", "rule", locale.T(lang, name))
	}
	return locale.T(lang, "reader.comment.removed")
}
