package demo

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// Clock is the time as the demo's history plays it: the database is opened with
// it while the past is written, and closed before anyone is served.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the moment that the history has reached.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// set moves to a moment, never back: the record's order is that of its writing.
func (c *Clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// Person is one of the demo's staff.
type Person struct {
	Key, Email, Name string
	Role             moderation.Role
}

// People is the demo's staff; Key is the name that comments.json uses.
var People = []Person{
	{"anna", "anna@demo.example", "Anna Kern", moderation.Editor},
	{"jonas", "jonas@demo.example", "Jonas Behl", moderation.Editor},
	{"chef", "ruth@demo.example", "Ruth Amann", moderation.Chief},
}

// Seeding is what Seed needs.
type Seeding struct {
	Store    *store.Store // opened with Clock
	Clock    *Clock
	Start    time.Time // the present, from which minutes are counted back
	Origin   string    // of the demo's pages
	Password string    // hashed, for everyone
	Assess   func(context.Context, store.ToAssess) (moderation.Assessment, error)
}

// Seed brings the demo into an empty database, step by step, as readers and
// editors would have done it.
func Seed(ctx context.Context, in Seeding) error {
	content, err := Load()
	if err != nil {
		return err
	}
	p := &play{Seeding: in, content: content, articles: map[string]string{}, people: map[string]store.Editor{}, posted: map[string]store.Submitted{}}
	in.Clock.set(in.Start.Add(-60 * 24 * time.Hour))
	if err := p.house(ctx); err != nil {
		return err
	}
	for _, e := range p.events() {
		in.Clock.set(in.Start.Add(-e.ago))
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("demo comment %s: %w", e.key, err)
		}
	}
	return nil
}

type play struct {
	Seeding
	content  Content
	site     store.Site
	articles map[string]string // id by slug
	people   map[string]store.Editor
	posted   map[string]store.Submitted
}

func (p *play) house(ctx context.Context) error {
	var err error
	p.site, err = p.Store.AddSite(ctx, store.Site{Name: "demo", Origin: p.Origin, Settings: store.Settings{
		Imprint: "/impressum", Privacy: "/datenschutz", Hours: &store.Hours{From: "07:00", To: "22:00"},
		Extra: store.Extra{"reader": []byte(`{"reactions":["helpful"]}`)},
	}})
	if err != nil {
		return fmt.Errorf("demo site: %w", err)
	}
	for _, lang := range []string{"en", "de"} { // German last: the newest version is shown first
		text, signed := splitSigned(p.content.Policy[lang])
		if _, err := p.Store.AddPolicy(ctx, p.site.ID, store.Policy{Lang: lang, Text: text, Signed: signed}); err != nil {
			return fmt.Errorf("demo policy: %w", err)
		}
	}
	for _, who := range People {
		e, err := p.Store.AddEditor(ctx, store.Editor{Site: p.site.ID, Email: who.Email, Name: who.Name, Role: who.Role, Password: p.Password})
		if err != nil {
			return fmt.Errorf("demo staff: %w", err)
		}
		p.people[who.Key] = e
	}
	for i := len(p.content.Articles) - 1; i >= 0; i-- {
		if err := p.article(ctx, p.content.Articles[i]); err != nil {
			return fmt.Errorf("demo article %s: %w", p.content.Articles[i].Slug, err)
		}
	}
	return nil
}

// splitSigned takes the signature, the last paragraph, off a policy.
func splitSigned(text string) (body, signed string) {
	text = strings.TrimSpace(text)
	i := strings.LastIndex(text, "\n\n")
	return text[:i], strings.TrimSpace(text[i:])
}

func (p *play) article(ctx context.Context, a Article) error {
	doc, err := article.ParseMarkdown(a.Source)
	if err != nil {
		return err
	}
	doc.URL = p.Origin + "/demo/" + a.Slug
	doc.Language, doc.Boxes = "de", a.Boxes
	bytes, err := fs.ReadFile(p.content.Images, a.Image)
	if err != nil {
		return err
	}
	added, err := p.Store.AddArticle(ctx, store.Article{Site: p.site.ID, Doc: doc}, &store.Image{Type: "image/" + strings.TrimPrefix(path.Ext(a.Image), "."), Bytes: bytes})
	p.articles[a.Slug] = added.ID
	return err
}

// happening is one thing that somebody did at some time in the past.
type happening struct {
	ago time.Duration
	key string
	do  func(context.Context) error
}

func (p *play) events() []happening {
	var all []happening
	for _, c := range p.content.Comments {
		all = append(all, happening{minutes(c.MinutesAgo), c.Key, func(ctx context.Context) error { return p.submit(ctx, c) }})
		for _, s := range c.Steps {
			all = append(all, happening{minutes(s.MinutesAgo), c.Key, func(ctx context.Context) error { return p.step(ctx, c, s) }})
		}
	}
	slices.SortStableFunc(all, func(a, b happening) int { return cmp.Compare(b.ago, a.ago) })
	return all
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

func (p *play) submit(ctx context.Context, c Comment) error {
	in := store.Submission{Article: p.articles[c.Article], Text: c.Text, Name: c.Name, Email: c.Email, Sender: store.Sender{Now: c.Key, Before: c.Key}}
	if c.Parent != "" {
		in.Parent = p.posted[c.Parent].Comment
	}
	out, err := p.Store.Submit(ctx, in)
	if err != nil {
		return err
	}
	p.posted[c.Key] = out
	return p.assess(ctx, out.Comment, 1)
}

func (p *play) assess(ctx context.Context, comment string, revision int) error {
	t, err := p.Store.Unassessed(ctx, comment, revision)
	if err != nil {
		return err
	}
	a, err := p.Assess(ctx, t)
	if err != nil {
		return err
	}
	return p.Store.SaveAssessment(ctx, comment, revision, a)
}

func (p *play) step(ctx context.Context, c Comment, s Step) error {
	posted := p.posted[c.Key]
	req := store.Request{Comment: posted.Comment, Step: moderation.Step(s.Step), Rule: moderation.Rule(s.Rule), Reason: s.Reason, ScoreSeen: true}
	if s.Editor != "" {
		req.Actor = p.people[s.Editor].Actor()
	} else if err := p.asAuthor(ctx, posted, s, &req); err != nil {
		return err
	}
	res, err := p.Store.Apply(ctx, req)
	if err != nil {
		return err
	}
	if res.State == moderation.Pending && res.Revision > 1 {
		return p.assess(ctx, posted.Comment, res.Revision)
	}
	if res.State != moderation.Approved || s.Step == "pick" {
		return nil
	}
	p.Clock.set(res.Decision.HoldUntil)
	return p.Store.Publish(ctx, res.Decision.ID)
}

// asAuthor fills in a step of the comment's author.
func (p *play) asAuthor(ctx context.Context, posted store.Submitted, s Step, req *store.Request) error {
	r, err := p.Store.Receipt(ctx, posted.Token)
	if err != nil {
		return err
	}
	req.Actor, req.ScoreSeen = moderation.Actor{ID: r.Author, Role: moderation.Author}, false
	switch req.Step {
	case moderation.Edit:
		req.Text = s.Text
		if r.Status == moderation.Returned {
			req.Step = moderation.Resubmit
		}
	case moderation.Appeal:
		req.Reason = s.Text
	}
	return nil
}
