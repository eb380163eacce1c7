package reader

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
)

// asked is what the address of a page with comments asks for. Nothing else of a
// request decides what such a page shows.
type asked struct {
	article string
	lang    string // "" for the site's
	sort    store.Sort
	cursor  string
	comment string // whose page is wanted
	reply   string // the comment to answer
	base    string
	public  string // base again where links must be absolute, "" on the own pages
}

func (rd *Reader) asked(r *http.Request) asked {
	q := r.URL.Query()
	a := asked{
		article: r.PathValue("id"), lang: lang(q), sort: store.Oldest, cursor: q.Get("cursor"),
		comment: cleanID(q.Get("k")), reply: cleanID(q.Get("reply")), base: rd.base(r),
	}
	if s := store.Sort(q.Get("sort")); s == store.Newest || s == store.Picks {
		a.sort = s
	}
	if a.comment != "" && a.sort == store.Picks {
		a.sort = store.Oldest // where every comment has its place
	}
	return a
}

// key names the page in memory.
func (a asked) key(kind string) thread.Key {
	name := strings.Join([]string{kind, a.base, a.public, a.lang, string(a.sort), a.cursor, a.comment, a.reply}, "\x00")
	return thread.Key{Article: a.article, Name: name}
}

// section is the comments of an article with all around them; the template
// _section.html shows it.
type section struct {
	web.Base
	Article store.Article
	Site    store.Site
	Public  string // "" on the own pages, else the address of this installation
	Page    string // address of the article's page here
	Sort    store.Sort
	Sorts   []sortLink
	List    template.HTML
	Next    string // address of the next page of comments, "" at the end
	First   string // address of the first page, "" on it
	Open    bool
	Notice  string // why it is closed, or until when it is open
	Form    form
	Counts  string // address of the reactions' counts; "" where there are none
	Digest  string // address where new comments are ordered by mail; "" without mail
	Asset   bool   // with the links to script and style

	comments []store.Released
	until    time.Time // the section changes by itself then
}

type sortLink struct {
	Name, Href string
	Current    bool
}

// form is what the template _form.html shows.
type form struct {
	web.Base
	Site   store.Site
	Action string
	ID     string // of the article, for unique ids
	Public string
	Parent store.Released // the comment answered
	Cancel string
	Text   string
	Name   string
	Email  string
	Notify bool
	Key    string // makes a second sending the same submission
	Error  *formError
	Length int
	SignOn bool // hidden until the script has a token

	Token   string // of a reader who has signed in
	Receipt string // of an earlier comment, which proves the author
	As      string // the name that counts then, "" where it is typed
	Age     int    // years that the author must say to have reached, 0 for none
	OfAge   bool
	SignIn  string // address where readers sign in, "" where none is offered
	Who     string // who may comment, in words; "" where a name is enough
}

// ask adds what the site's settings ask of authors.
func (f *form) ask(set Settings) {
	f.Age = set.MinAge
	f.SignOn = !set.Lets(AsGuest) // a page that knows the author shows the form all the same
	q := url.Values{"article": {f.ID}, "lang": {f.Lang}}.Encode()
	switch {
	case set.Lets(AsEmail):
		f.SignIn = f.Public + "/signin/" + f.Site.ID + "?" + q
	case set.Lets(AsOIDC):
		f.SignIn = f.Public + "/signin/" + f.Site.ID + "/oidc?" + q
	}
	f.Who = whoWords(f.Base, f.Site, set)
}

// whoWords says who may comment, where a typed name alone is not all there is to say.
func whoWords(b web.Base, site store.Site, set Settings) string {
	if len(set.Who) == 0 && set.NoGuests {
		return b.T("reader.form.signOn", "site", site.Name)
	}
	var ways []string
	for _, way := range Ways {
		if len(set.Who) > 0 && set.Lets(way) {
			ways = append(ways, b.T("reader.who."+way, "site", site.Name, "provider", or(set.OIDCName, site.Name)))
		}
	}
	if len(ways) == 0 {
		return ""
	}
	last := len(ways) - 1
	list := ways[last]
	if last > 0 {
		list = strings.Join(ways[:last], ", ") + " " + b.T("reader.who.or") + " " + list
	}
	return b.T("reader.who", "ways", list)
}

type formError struct{ Field, Words string }

// IsError tells whether the error is about a field.
func (f form) IsError(field string) bool { return f.Error != nil && f.Error.Field == field }

// section gathers what readers see of an article.
func (rd *Reader) section(ctx context.Context, a asked) (section, error) {
	art, site, err := rd.store.InPlace(ctx, a.article)
	if err != nil {
		return section{}, err
	}
	if a.comment != "" {
		a.cursor, err = rd.store.PageWith(ctx, art.ID, a.comment, a.sort, thread.PageSize)
		if moderation.KindOf(err) == moderation.NotFound {
			err = nil // one that is not released is answered as one that never was
		}
		if err != nil {
			return section{}, err
		}
	}
	page, next, err := rd.store.Thread(ctx, art.ID, a.sort, thread.PageSize, a.cursor)
	if err != nil {
		return section{}, err
	}
	s := section{Article: art, Site: site, Public: a.public, Page: a.public + "/a/" + art.ID, Sort: a.sort, comments: page}
	s.Lang = or(a.lang, site.Lang)
	s.state(rd.store.Now())
	set, err := SettingsOf(site)
	if err != nil {
		return section{}, err
	}
	view := thread.View{Lang: s.Lang, Page: s.Page, Open: s.Open, Order: a.sort, Initials: set.Avatars == "initials", Reactions: reactionNames(s.Lang, set.Reactions)}
	if len(set.Reactions) > 0 {
		s.Counts = reactionsAddress(a.public, art.ID, a)
	}
	if rd.Mails {
		s.Digest = a.public + "/digest?article=" + art.ID
	}
	s.List = template.HTML(thread.List(nil, view, page)) //nolint:gosec // List escapes
	s.links(a, next)
	s.Form = formFor(s.Lang, site, art, a.public)
	s.Form.ask(set)
	return s, rd.replyTo(ctx, &s, a)
}

func formFor(lang string, site store.Site, art store.Article, public string) form {
	f := form{Site: site, Action: public + "/a/" + art.ID, ID: art.ID, Public: public, Length: site.Length()}
	f.Lang = lang
	return f
}

// replyTo makes the form one for an answer, where the comment can be answered.
func (rd *Reader) replyTo(ctx context.Context, s *section, a asked) error {
	if a.reply == "" {
		return nil
	}
	c, err := rd.store.Released(ctx, a.reply)
	if moderation.KindOf(err) == moderation.NotFound || err == nil && c.Article != s.Article.ID {
		return nil
	}
	s.Form.Parent, s.Form.Cancel = c, s.Page+"?k="+c.ID+"#k"+c.ID
	return err
}

// scriptWords are the texts that the script shows, by the names it knows.
var scriptWords = map[string]string{
	"reply": "reader.form.title.reply", "cancel": "reader.form.cancel", "sending": "reader.form.sending", "away": "reader.error.503", "unavailable": "reader.section.unavailable",
	"hint": "reader.hint.intro", "passage": "reader.hint.passage", "unchanged": "reader.hint.again", "thanks": "reader.receipt.thanks",
	"waiting": "reader.state.pending.own", "receipt": "reader.receipt.link", "remember": "reader.receipt.remember", "new": "reader.new.other", "new1": "reader.new.one",
}

// Words are the script's texts in the section's language, as JSON.
func (s section) Words() (string, error) {
	words := map[string]string{}
	for name, key := range scriptWords {
		words[name] = locale.T(s.Lang, key)
	}
	b, err := json.Marshal(words)
	return string(b), err
}

// links fills in the addresses of the other orders and pages.
func (s *section) links(a asked, next string) {
	for _, o := range []store.Sort{store.Oldest, store.Newest, store.Picks} {
		l := sortLink{locale.T(s.Lang, "reader.sort."+string(o)), s.address(a, o, ""), o == a.sort}
		s.Sorts = append(s.Sorts, l)
	}
	if next != "" {
		s.Next = s.address(a, a.sort, next)
	}
	if a.cursor != "" {
		s.First = s.address(a, a.sort, "")
	}
}

func (s *section) address(a asked, o store.Sort, cursor string) string {
	q := url.Values{}
	if o != store.Oldest {
		q.Set("sort", string(o))
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if a.lang != "" {
		q.Set("lang", a.lang)
	}
	address := s.Page
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	return address + "#comments-" + s.Article.ID
}

// state says whether comments are possible, and the words for it.
func (s *section) state(now time.Time) {
	status := s.Article.Status(now)
	s.Open = status == store.ThreadOpen
	s.Notice = ThreadNotice(s.Lang, s.Article, status)
	s.until = thread.NextChange(s.Article, now)
}

// ThreadNotice says in words why a thread is closed, or until when it is open;
// "" where there is nothing to say.
func ThreadNotice(lang string, a store.Article, status string) string {
	switch status {
	case store.ThreadNotYet:
		return locale.T(lang, "reader.closed.notYet", "date", locale.DateTime(lang, a.Opens))
	case store.ThreadEnded:
		return locale.T(lang, "reader.closed.at", "date", locale.DateTime(lang, a.Closes))
	case store.ThreadCapacity:
		return locale.T(lang, "reader.closed.count", "n", strconv.Itoa(a.CloseCount))
	case store.ThreadNight:
		return locale.T(lang, "reader.closed.daily.now", "from", a.Daily.From, "to", a.Daily.To)
	case store.ThreadClosed:
		return locale.T(lang, "reader.closed.generic")
	}
	var words []string
	if !a.Closes.IsZero() {
		words = append(words, locale.T(lang, "reader.closed.until", "date", locale.DateTime(lang, a.Closes)))
	}
	if a.Daily != nil {
		words = append(words, locale.T(lang, "reader.closed.daily", "from", a.Daily.From, "to", a.Daily.To))
	}
	if a.CloseCount > 0 {
		words = append(words, locale.T(lang, "reader.closed.untilCount", "n", strconv.Itoa(a.CloseCount)))
	}
	return strings.Join(words, " ")
}

// fragment serves the section alone, for server-side includes, and with frame=1
// as a page for a frame.
func (rd *Reader) fragment(w http.ResponseWriter, r *http.Request) error {
	a := rd.asked(r)
	a.public = a.base
	kind := "fragment"
	switch q := r.URL.Query(); {
	case q.Get("frame") == "1":
		kind = "frame"
	case q.Get("box") == "1":
		kind = "box"
	case q.Get("assets") == "0":
		kind = "bare"
	}
	page, err := Cached(rd.Pages, r, a.key(kind), func(ctx context.Context) (thread.Rendered, error) {
		if kind == "box" {
			return rd.box(ctx, a)
		}
		s, err := rd.section(ctx, a)
		if err != nil {
			return thread.Rendered{}, err
		}
		s.Asset = kind == "fragment"
		s.Title = s.Article.Doc.Headline
		name := "embed.html"
		if kind == "frame" {
			name = "frame.html"
		}
		body, err := web.Render(name, s)
		return thread.Rendered{Body: body, Type: "text/html; charset=utf-8", Until: s.until, Site: s.Site}, err
	})
	if err != nil {
		return err
	}
	AllowOrigin(w, r, page.Site)
	if kind == "frame" {
		w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self' %s", strings.Join(page.Site.AllowedOrigins(), " ")))
	}
	page.Serve(w, r)
	return nil
}

// AllowOrigin lets scripts of the site's own pages read an answer; never with
// credentials, since readers have none.
func AllowOrigin(w http.ResponseWriter, r *http.Request, site store.Site) {
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	for _, allowed := range site.AllowedOrigins() {
		if origin != "" && origin == allowed {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "Etag, Retry-After")
		}
	}
}
